import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineJob } from 'capstan'
import { sendReceipt } from '../in-ruby/send-receipt.ts'

const { SHOP_DIRECTORY = '.' } = process.env

/** Moved here from Ruby: the same name, the same arguments, a queue of its own. When it is done, Ruby goes on. */
export const packOrder = defineJob({
  name: 'PackOrder',
  queue: 'node',
  retry: 5,
  async run([order, items]: [order: number, items: ReadonlyArray<{ name: string; price: number }>], { log }) {
    log.info('packing', { order, items: items.length })
    await appendFile(join(SHOP_DIRECTORY, 'packed'), `${order}\n`)
    const total = items.reduce((sum, { price }) => sum + price, 0)
    await sendReceipt.enqueue(order, { items: items.map(({ name }) => name), total })
  },
})

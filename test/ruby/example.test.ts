import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { WorkerProcess } from '../system/worker-process.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/with-sidekiq')
const ORDERS = 20

describe('examples/with-sidekiq', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let shop: string
  let worker: WorkerProcess | null = null
  before(async () => {
    redis = await SharedRedis.start()
    shop = await mkdtemp(join(tmpdir(), 'capstan-shop-'))
  })
  after(async () => {
    await worker?.end('SIGTERM')
    await redis?.close()
    await rm(shop, { recursive: true })
  })

  const linesOf = async (file: string) => {
    const text = await readFile(join(shop, file), 'utf8').catch(() => '')
    return text.split('\n').filter(Boolean)
  }

  test('an order placed in Ruby is packed in TypeScript and gets its receipt from Ruby', async () => {
    const environment = { ...redis.environment, SHOP_DIRECTORY: shop }
    worker = new WorkerProcess(EXAMPLE, environment)
    await redis.sidekiq({ queues: ['ruby'], app: join(EXAMPLE, 'ruby/shop.rb') }, environment)
    const script = join(EXAMPLE, 'ruby/place_orders.rb')
    await promisify(execFile)('ruby', [script, String(ORDERS)], { env: { ...process.env, ...environment } })
    const receipts = await eventually('all receipts are there', async () => {
      const lines = await linesOf('receipts')
      return lines.length >= ORDERS && lines.map((line) => JSON.parse(line) as { order: number })
    })
    assert.deepEqual(
      receipts.toSorted((one, other) => one.order - other.order),
      Array.from({ length: ORDERS }, (_, order) => ({
        order,
        items: ['Tea', `Crêpe № ${order}`],
        total: 5.5,
      })),
    )
    assert.equal((await linesOf('packed')).length, ORDERS)
  })
})

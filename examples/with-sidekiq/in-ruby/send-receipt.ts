import { defineJob } from 'capstan'

/**
 * Runs in Ruby: this is its name, its queue and the types of its arguments, for enqueueing. It stands outside of
 * `jobs/`, so our worker does not know it.
 */
export const sendReceipt = defineJob({
  name: 'SendReceipt',
  queue: 'ruby',
  run([_order, _receipt]: [order: number, receipt: { items: readonly string[]; total: number }]) {
    throw new Error('SendReceipt runs in Ruby')
  },
})

import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const { LANES, COUNT, JOB_MS, KIND, REST_MS, PREFIX, LEDGER } = process.env

/**
 * Enqueues with a fixed number of calls in flight until the count is reached or SIGTERM comes, and writes into
 * the ledger what was answered. A call that fails is not repeated: that is the caller's affair in every system.
 */
export async function enqueueInLanes(
  enqueue: (args: [id: string, ms: number, kind: string]) => Promise<unknown>,
): Promise<void> {
  const limit = Number(COUNT) || Number.POSITIVE_INFINITY
  let next = 0
  let stopped = false
  process.on('SIGTERM', () => {
    stopped = true
  })
  const lane = async () => {
    while (!stopped && next < limit) {
      const id = `${PREFIX}${next++}`
      await enqueue([id, Number(JOB_MS), KIND!]).then(
        () => appendFileSync(LEDGER!, `accepted ${id}\n`),
        (error: unknown) => appendFileSync(LEDGER!, `refused ${id} ${JSON.stringify(String(error))}\n`),
      )
      if (Number(REST_MS) > 0) await sleep(Number(REST_MS))
    }
  }
  await Promise.all(Array.from({ length: Number(LANES) }, lane))
}

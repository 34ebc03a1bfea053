import type { OpenSystem } from '../system.ts'
import { startLanes } from './lanes.ts'
import { Line, rawSystem, runPayload } from './line.ts'

/** Requests in the pipe at a time, as the worker has exchanges. */
const IN_PIPE = 2
/** So that a stop need not wait long. */
const BLOCK_SECONDS = '0.1'

/**
 * A limit: batches of RPOP as large as the concurrency, two of them in the pipe, and BRPOP where there is nothing.
 * Unreliable: what was popped is lost with the process.
 *
 * @param address path of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const line = await Line.connect(address)
  const waiting = await Line.connect(address)
  const system = rawSystem(line, async ({ concurrency, queues, perform }) => {
    const queue = queues.at(-1)!
    const pop = async () => (await line.send(['RPOP', queue, String(concurrency)])) as string[] | null
    const wait = async () => (await waiting.send(['BRPOP', queue, BLOCK_SECONDS])) as [string, string] | null
    return startLanes(IN_PIPE, async () => {
      const payloads = (await pop()) ?? (await wait())?.slice(1) ?? []
      await Promise.all(payloads.map((payload) => runPayload(payload, perform)))
      return true
    })
  })
  return {
    ...system,
    async close() {
      waiting.close()
      await system.close()
    },
  }
}

import type { OpenSystem } from '../system.ts'
import { startLanes } from './lanes.ts'
import { Line, rawSystem, runPayload } from './line.ts'

/** Requests in the pipe at a time, as the worker has exchanges. */
const IN_PIPE = 2

/**
 * A limit: batches of RPOP as large as the concurrency, two of them in the pipe. Unreliable: what was popped is lost
 * with the process.
 *
 * @param address path of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const line = await Line.connect(address)
  return rawSystem(line, async ({ concurrency, queues, perform }) => {
    const request = ['RPOP', queues.at(-1)!, String(concurrency)]
    return startLanes(IN_PIPE, async () => {
      const payloads = (await line.send(request)) as string[] | null
      await Promise.all((payloads ?? []).map((payload) => runPayload(payload, perform)))
      return payloads !== null
    })
  })
}

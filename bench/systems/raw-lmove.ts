import type { OpenSystem } from '../system.ts'
import { startLanes } from './lanes.ts'
import { Line, rawSystem, runPayload } from './line.ts'

/**
 * A limit: each slot moves its next job to another list, by pipelined LMOVE, and runs it. It stays in that list for ever.
 *
 * @param address path of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const line = await Line.connect(address)
  return rawSystem(line, async ({ concurrency, queues, perform }) => {
    const request = ['LMOVE', queues.at(-1)!, 'taken', 'RIGHT', 'LEFT']
    return startLanes(concurrency, async () => {
      const payload = (await line.send(request)) as string | null
      if (payload !== null) await runPayload(payload, perform)
      return payload !== null
    })
  })
}

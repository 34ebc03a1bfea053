import { type PushBatch, TOKEN_MS } from '../transfer.ts'
import type { Ground } from './ground.ts'
import { scoreOf } from './score.ts'
import { push as script } from './scripts/push.ts'

/** `Store.push`: jobs grouped by queue, each group in its order. */
export const push =
  ({ client, keys }: Ground) =>
  async ({ token, now, jobs, answered = [] }: PushBatch): Promise<void> => {
    const groups = new Map<string, string[]>()
    const scheduled: string[] = []
    for (const { queue, payload, at } of jobs) {
      if (at !== null) {
        scheduled.push(scoreOf(at), payload)
        continue
      }
      const group = groups.get(queue)
      if (group === undefined) groups.set(queue, [payload])
      else group.push(payload)
    }
    const args: Array<string | number> = [now, TOKEN_MS, answered.length, groups.size, scheduled.length / 2]
    for (const each of answered) args.push(keys.push(each))
    for (const [queue, payloads] of groups) {
      args.push(queue, payloads.length)
      // Not spread: a large batch has more payloads than a call may have arguments.
      for (const payload of payloads) args.push(payload)
    }
    for (const each of scheduled) args.push(each)
    const lists = [...groups.keys()].map((queue) => keys.queue(queue))
    await client.run(script, { keys: [keys.push(token), keys.queues, keys.schedule, ...lists], args })
  }

import type { PromoteRequest, Route } from '../transfer.ts'
import { type Ground, graveOf } from './ground.ts'
import { scoreOf } from './score.ts'
import { promote as promoteScript } from './scripts/promote.ts'
import { NOT_TEXT, readText } from './stored-text.ts'

/** A job whose queue cannot take it. */
const PUT_OFF_MS = 60_000

/** `Store.promote`: looks at what is due, retries first, then moves each entry that is still there, in one step. */
export const promote =
  (ground: Ground) =>
  async ({ now, limit, route }: PromoteRequest): Promise<number> => {
    const { client, keys } = ground
    client.demandOpen()
    if (limit <= 0) return 0
    const due = async (set: string) => {
      const command = ['ZRANGEBYSCORE', set, '-inf', scoreOf(now), 'LIMIT', 0, limit]
      const members = (await client.command(command, true)) as Buffer[]
      return members.map((bytes) => ({ set, bytes, route: routeOf(bytes, route) }))
    }
    const entries = (await Promise.all([due(keys.retry), due(keys.schedule)])).flat().slice(0, limit)
    if (entries.length === 0) return 0
    const moved = await client.run(promoteScript, {
      keys: [
        keys.queues,
        ...entries.flatMap(({ set, route: to }) => [
          set,
          to.to === 'dead' ? keys.dead : keys.queue(to.queue),
        ]),
      ],
      args: [
        ...graveOf(ground, now),
        scoreOf(now + PUT_OFF_MS),
        ...entries.flatMap(({ bytes, route: to }) => [
          bytes,
          to.to,
          to.to === 'dead' ? to.reason : to.queue,
          to.payload === null ? '1' : '0',
          to.payload ?? '',
        ]),
      ],
    })
    return moved as number
  }

function routeOf(bytes: Buffer, route: PromoteRequest['route']): Route {
  const { text, isExact } = readText(bytes)
  return isExact ? route(text) : { to: 'dead', payload: null, reason: NOT_TEXT }
}

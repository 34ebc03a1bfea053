import type { EpochMs } from '../../kernel/clock.ts'
import { lastUtcDays } from '../../kernel/utc-day.ts'
import type { QueueSummary, StoreStats } from '../inspection.ts'
import type { Ground } from './ground.ts'
import { heldTokens } from './scripts/landing.ts'

/** `Store.queues`. */
export const queues =
  ({ client, keys }: Ground) =>
  async (_now: EpochMs): Promise<QueueSummary[]> => {
    const [names, paused] = (await Promise.all([
      client.command(['SMEMBERS', keys.queues]),
      client.command(['SMEMBERS', keys.paused]),
    ])) as [string[], string[]]
    const isPaused = new Set(paused)
    return Promise.all(
      names.toSorted().map(async (name) => {
        const [size, oldest] = await Promise.all([
          client.command(['LLEN', keys.queue(name)]),
          client.command(['LINDEX', keys.queue(name), -1]),
        ])
        return { name, size: size as number, paused: isPaused.has(name), oldest: oldest as string | null }
      }),
    )
  }

/** `Store.stats`. */
export const stats =
  (ground: Ground) =>
  async (now: EpochMs, days: number): Promise<StoreStats> => {
    const { client, keys } = ground
    const dates = lastUtcDays(now, days)
    const counters = dates.flatMap((date) => [`${keys.processed}:${date}`, `${keys.failed}:${date}`])
    const [names, identities, processes, counts, scheduled, retries, dead] = (await Promise.all([
      client.command(['SMEMBERS', keys.queues]),
      client.command(['HKEYS', keys.workers]),
      client.command(['SMEMBERS', keys.processes]),
      client.command(['MGET', keys.processed, keys.failed, ...counters]),
      client.command(['ZCARD', keys.schedule]),
      client.command(['ZCARD', keys.retry]),
      client.command(['ZCARD', keys.dead]),
    ])) as [string[], string[], string[], Array<string | null>, number, number, number]
    const [enqueued, inFlight] = await Promise.all([
      sum(names.map((name) => client.command(['LLEN', keys.queue(name)]))),
      sum(identities.map((identity) => heldBy(ground, identity))),
    ])
    const count = (index: number) => Number(counts[index] ?? 0)
    return {
      processed: count(0),
      failed: count(1),
      enqueued,
      scheduled,
      retries,
      dead,
      inFlight,
      // Sidekiq's own are in its register only; it strikes ours off when we are silent, though they hold jobs.
      workers: new Set([...identities, ...processes]).size,
      days: dates.map((date, ago) => ({ date, processed: count(2 + 2 * ago), failed: count(3 + 2 * ago) })),
    }
  }

async function heldBy({ client, keys }: Ground, identity: string): Promise<number> {
  const tokens = await client.run(heldTokens, { keys: [keys.inFlight(identity)], args: [] })
  return (tokens as string[]).length
}

async function sum(sizes: ReadonlyArray<Promise<unknown>>): Promise<number> {
  return (await Promise.all(sizes)).reduce<number>((total, size) => total + (size as number), 0)
}

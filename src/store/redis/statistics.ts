import type { EpochMs } from '../../kernel/clock.ts'
import { lastUtcDays } from '../../kernel/utc-day.ts'
import type { QueueSummary, StoreStats } from '../inspection.ts'
import type { Ground } from './ground.ts'
import { heldTokens } from './scripts/held.ts'
import { type QueueRow, queueRows } from './scripts/queue-rows.ts'

/** `Store.queues`. */
export const queues =
  (ground: Ground) =>
  async (_now: EpochMs): Promise<QueueSummary[]> => {
    const rows = await rowsOf(ground, '1')
    return rows
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, size, paused, oldest, kind]) => ({
        ...{ name, size, paused: paused === 1, oldest },
        ...(kind === null ? {} : { broken: brokenBy(kind, ground.keys.queue(name)) }),
      }))
  }

const brokenBy = (kind: string, key: string): string => `its key ${key} holds a ${kind} in place of a list`

async function rowsOf({ client, keys }: Ground, withOldest: '0' | '1'): Promise<QueueRow[]> {
  const call = { keys: [keys.queues, keys.paused], args: [keys.queuePrefix, withOldest] }
  return (await client.run(queueRows, call)) as unknown as QueueRow[]
}

/** `Store.stats`. */
export const stats =
  (ground: Ground) =>
  async (now: EpochMs, days: number): Promise<StoreStats> => {
    const { client, keys } = ground
    const dates = lastUtcDays(now, days)
    const counters = dates.flatMap((date) => [`${keys.processed}:${date}`, `${keys.failed}:${date}`])
    const [rows, identities, processes, counts, scheduled, retries, dead] = (await Promise.all([
      rowsOf(ground, '0'),
      client.command(['HKEYS', keys.workers]),
      client.command(['SMEMBERS', keys.processes]),
      client.command(['MGET', keys.processed, keys.failed, ...counters]),
      client.command(['ZCARD', keys.schedule]),
      client.command(['ZCARD', keys.retry]),
      client.command(['ZCARD', keys.dead]),
    ])) as [QueueRow[], string[], string[], Array<string | null>, number, number, number]
    const held = await Promise.all(identities.map((identity) => heldBy(ground, identity)))
    const count = (index: number) => Number(counts[index] ?? 0)
    return {
      processed: count(0),
      failed: count(1),
      enqueued: sum(rows.map(([, size]) => size)),
      scheduled,
      retries,
      dead,
      inFlight: sum(held),
      // Sidekiq's own are in its register only; it strikes ours off when we are silent, though they hold jobs.
      workers: new Set([...identities, ...processes]).size,
      days: dates.map((date, ago) => ({ date, processed: count(2 + 2 * ago), failed: count(3 + 2 * ago) })),
    }
  }

async function heldBy({ client, keys }: Ground, identity: string): Promise<number> {
  const tokens = await client.run(heldTokens, { keys: [keys.inFlight(identity)], args: [] })
  return (tokens as string[]).length
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)

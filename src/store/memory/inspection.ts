import type { EpochMs } from '../../kernel/clock.ts'
import { lastUtcDays } from '../../kernel/utc-day.ts'
import type {
  Entry,
  EntryRef,
  Move,
  Page,
  Place,
  QueueSummary,
  StoreHealth,
  StoreStats,
} from '../inspection.ts'
import type { DayCounts, MemoryState } from './memory-state.ts'

// There is no engine of its own behind a memory store.
const ENGINE_VERSION = '1'

export const queues =
  (state: MemoryState) =>
  (_now: EpochMs): QueueSummary[] =>
    [...state.queues.keys()].sort().map((name) => {
      const entries = state.entries({ queue: name })
      const oldest = entries[0]?.payload ?? null
      return { name, size: entries.length, paused: state.paused.has(name), oldest }
    })

export const list =
  (state: MemoryState) =>
  (place: Place, { offset, limit }: Page): Entry[] =>
    state.entries(place).slice(offset, offset + limit)

export const move =
  (state: MemoryState) =>
  (place: Place, ref: EntryRef, destination: Move): boolean => {
    const entries = state.entries(place)
    const index = entries.findIndex((entry) => entry.ref === ref)
    if (index < 0) return false
    const [entry] = entries.splice(index, 1)
    if (destination.to === 'nowhere') return true
    const payload = destination.payload ?? entry!.payload
    if (destination.to === 'queue') state.pushBack(destination.queue, payload)
    else state.bury(payload, destination.now, null)
    return true
  }

export const clear =
  (state: MemoryState) =>
  (place: Place): number => {
    const { length } = state.entries(place)
    if ('set' in place) state.sets[place.set] = []
    else state.queues.delete(place.queue)
    return length
  }

export const pause =
  (state: MemoryState) =>
  (queue: string, paused: boolean): void => {
    if (paused) state.paused.add(queue)
    else state.paused.delete(queue)
    // A queue that was resumed may hold jobs for those who wait; a hint too many does no harm.
    state.waiting.wake(queue)
  }

export const stats =
  (state: MemoryState) =>
  (now: EpochMs, days: number): StoreStats => ({
    ...total([...state.counts.values()]),
    enqueued: sum([...state.queues.values()].map((entries) => entries.length)),
    scheduled: state.sets.schedule.length,
    retries: state.sets.retry.length,
    dead: state.sets.dead.length,
    inFlight: sum([...state.workers.values()].map((worker) => worker.inFlight.size)),
    workers: state.workers.size,
    days: lastUtcDays(now, days).map((date) => ({
      date,
      ...(state.counts.get(date) ?? { processed: 0, failed: 0 }),
    })),
  })

export const ping = (_state: MemoryState) => (): StoreHealth => ({
  kind: 'memory',
  version: ENGINE_VERSION,
  location: 'this process',
  durability: 'nothing: jobs end with the process that holds them',
  warnings: [],
})

function total(counts: readonly DayCounts[]): DayCounts {
  return {
    processed: sum(counts.map((day) => day.processed)),
    failed: sum(counts.map((day) => day.failed)),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((before, number) => before + number, 0)
}

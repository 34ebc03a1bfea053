import type { EpochMs } from '../../kernel/clock.ts'
import type { Entry, EntryRef, Move, Page, Place, QueueSummary, StoreStats } from '../inspection.ts'
import type { DeadSet } from './dead-set.ts'
import type { Statements } from './statements.ts'
import { fromStored, type StoredText } from './stored-text.ts'
import type { Counters, Transaction } from './transaction.ts'

const SECOND_MS = 1_000

export function queues(sql: Statements): QueueSummary[] {
  return sql.queueSummaries.all().map(({ name, size, paused, oldest }) => ({
    name: name as string,
    size: size as number,
    paused: paused === 1,
    oldest: oldest === null ? null : fromStored(oldest as StoredText),
  }))
}

export function list(sql: Statements, place: Place, { offset, limit }: Page): Entry[] {
  if ('set' in place) return sql.listSet.all(place.set, limit, offset).map(setEntry)
  const queue = sql.queue.get(place.queue)?.id
  return queue === undefined ? [] : sql.listWaiting.all(queue, limit, offset).map(queueEntry)
}

/** Moves one entry; false when it is not there any more. */
export function move(
  tx: Transaction,
  dead: DeadSet,
  order: { place: Place; ref: EntryRef; move: Move },
): boolean {
  const job = take(tx, order.place, order.ref)
  if (job === null) return false
  const { move } = order
  if (move.to === 'nowhere') {
    tx.sql.deleteJob.run(job)
    return true
  }
  tx.rewrite(job, move.payload)
  if (move.to === 'queue') tx.append(move.queue, job)
  else dead.bury(tx, job, { now: move.now, reason: null })
  return true
}

export function clear(tx: Transaction, place: Place): number {
  if ('set' in place) {
    tx.sql.clearSetJobs.run(place.set)
    tx.counters[place.set] = 0
    return Number(tx.sql.clearSet.run(place.set).changes)
  }
  const queue = tx.queue(place.queue)
  if (queue === null) return 0
  tx.sql.clearWaitingJobs.run(queue.id)
  const cleared = Number(tx.sql.clearWaiting.run(queue.id).changes)
  tx.sql.emptyPausedQueue.run(queue.id)
  tx.sql.forgetQueue.run(queue.id)
  return cleared
}

export function pause(tx: Transaction, queue: string, paused: boolean): void {
  if (paused) {
    tx.sql.pauseQueue.run(queue)
    return
  }
  tx.sql.resumeQueue.run(queue)
  tx.sql.forgetUnlistedQueue.run(queue)
  // Its jobs are new to whoever waits.
  tx.filled.add(queue)
}

export function stats(sql: Statements, now: EpochMs, days: number): StoreStats {
  const { processed, failed, schedule, retry, dead } = sql.counters.get() as unknown as Counters
  return {
    processed,
    failed,
    enqueued: sql.waitingInAll.get()!.count as number,
    scheduled: schedule,
    retries: retry,
    dead,
    inFlight: sql.countInFlight.get()!.count as number,
    workers: sql.countWorkers.get()!.count as number,
    days: sql.lastDays.all({ days, seconds: Math.floor(now / SECOND_MS) }).map((day) => ({
      date: day.date as string,
      processed: day.processed as number,
      failed: day.failed as number,
    })),
  }
}

type Row = Record<string, unknown>

/** A reference is the key of the row: `RANK` in a queue, `AT:RANK` in a set. Ranks are never used again. */
function setEntry({ at, rank, reason, payload }: Row): Entry {
  return {
    ref: `${at}:${rank}` as EntryRef,
    payload: fromStored(payload as StoredText),
    at: at as EpochMs,
    reason: reason as string | null,
  }
}

function queueEntry({ rank, payload }: Row): Entry {
  return { ref: String(rank) as EntryRef, payload: fromStored(payload as StoredText), at: null, reason: null }
}

/** Takes an entry out of its place. Returns its job, or null. */
function take(tx: Transaction, place: Place, ref: EntryRef): number | null {
  if ('set' in place) {
    const [at, rank] = ref.split(':').map(Number)
    return tx.takeFromSet(place.set, at ?? Number.NaN, rank ?? Number.NaN)
  }
  const queue = tx.queue(place.queue)
  const taken = queue === null ? undefined : tx.sql.takeWaiting.get(queue.id, Number(ref))
  if (queue === null || taken === undefined) return null
  tx.resize(queue, -1)
  return taken.job as number
}

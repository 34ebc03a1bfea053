import { editPayload, type PayloadEdits } from '../job/edit-payload.ts'
import { enqueueEdits } from '../job/new-payload.ts'
import type { EpochMs } from '../kernel/clock.ts'
import type { EntryRef, Move } from '../store/inspection.ts'
import type { Store } from '../store/store.ts'
import { matcher } from './find.ts'
import type { JobView } from './job-view.ts'
import { sizeOf, storedJobs } from './jobs.ts'
import { type PlaceName, storedPlace } from './place.ts'

/**
 * What became of an order about one job. Only `done` changed anything. `gone`: somebody was faster. `running`:
 * a worker holds it. `waiting`: it is in its queue already. `dead`: it is dead already. `malformed`: no worker could run it.
 */
export type ActionOutcome = 'done' | 'gone' | 'running' | 'waiting' | 'dead' | 'malformed'

/** Puts a scheduled, failed or dead job at the back of its queue, to run as soon as a worker is free. */
export async function retryJob(store: Store, job: JobView, now: EpochMs): Promise<ActionOutcome> {
  if (job.place === 'running') return 'running'
  if (job.place.startsWith('queue:')) return 'waiting'
  if (job.malformed !== null) return 'malformed'
  const payload = editPayload(job.payload, { ...enqueueEdits(now), ...oneFailureLess(job.retryCount) })
  return move(store, job, { to: 'queue', queue: job.queue ?? 'default', payload })
}

/** Puts a job into the dead set, its bytes as they are. */
export async function killJob(store: Store, job: JobView, now: EpochMs): Promise<ActionOutcome> {
  if (job.place === 'dead') return 'dead'
  return move(store, job, { to: 'dead', payload: null, now })
}

/** Deletes a job for good. */
export async function deleteJob(store: Store, job: JobView): Promise<ActionOutcome> {
  return move(store, job, { to: 'nowhere' })
}

export interface RetryAllResult {
  readonly retried: number
  /** Left where they are, because no worker could run them. */
  readonly malformed: number
}

const PAGE = 100

/**
 * Retries every job of a set that matches. Jobs that fail again meanwhile, and so return to the set, are not
 * retried again: no more jobs are looked at than the set held at the beginning. Safe to repeat after an error.
 */
export async function retryAll(
  store: Store,
  name: PlaceName,
  query: { readonly class?: string; readonly text?: string; readonly now: EpochMs },
): Promise<RetryAllResult> {
  const place = storedPlace(name)
  const matches = matcher(query)
  const count: Record<ActionOutcome | 'unmatched', number> = { ...NOTHING_DONE }
  let left = await sizeOf(store, place, query.now)
  while (left > 0) {
    const kept = count.unmatched + count.malformed + count.waiting
    const page = await storedJobs(store, place, { offset: kept, limit: Math.min(PAGE, left) })
    if (page.length === 0) break
    left -= page.length
    for (const job of page) count[matches(job) ? await retryJob(store, job, query.now) : 'unmatched']++
  }
  return { retried: count.done, malformed: count.malformed }
}

const NOTHING_DONE = { done: 0, gone: 0, running: 0, waiting: 0, dead: 0, malformed: 0, unmatched: 0 }

/**
 * The wire counts a retry by hand as none: one failure less, so that its own retries are not used up. Before the
 * first failure the count is absent; that, and not -1, is one less than 0.
 */
function oneFailureLess(retryCount: number | null): PayloadEdits {
  if (retryCount === null) return {}
  return { retry_count: retryCount > 0 ? String(retryCount - 1) : null }
}

async function move(store: Store, job: JobView, to: Move): Promise<ActionOutcome> {
  if (job.ref === null) return 'running'
  return (await store.move(storedPlace(job.place), job.ref as EntryRef, to)) ? 'done' : 'gone'
}

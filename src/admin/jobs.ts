import type { EpochMs } from '../kernel/clock.ts'
import type { Page, Place } from '../store/inspection.ts'
import type { Store } from '../store/store.ts'
import type { WorkerRecord } from '../store/worker-record.ts'
import { type JobView, jobView } from './job-view.ts'
import { type PlaceName, placeName, readPlace } from './place.ts'

export interface JobPage {
  readonly place: PlaceName
  /** All that the place holds. */
  readonly total: number
  readonly offset: number
  /** A queue next-to-run first, retry and scheduled earliest first, dead latest first, running longest first. */
  readonly jobs: readonly JobView[]
}

/** One page of a place. An unknown queue is an empty one. */
export async function jobPage(
  store: Store,
  name: PlaceName,
  page: Page & { now: EpochMs },
): Promise<JobPage> {
  const place = readPlace(name)
  const { offset, limit } = page
  if ('running' in place) {
    const running = await runningJobs(store)
    return { place: 'running', total: running.length, offset, jobs: running.slice(offset, offset + limit) }
  }
  const total = await sizeOf(store, place, page.now)
  const jobs =
    'set' in place && place.set === 'dead'
      ? await latestFirst(store, place, { offset, limit, total })
      : await storedJobs(store, place, { offset, limit })
  return { place: placeName(place), total, offset, jobs }
}

/** A job whose payload was not read yet. */
export interface Unread {
  readonly payload: string
  view(): JobView
}

/** Entries of a place of the store, in the store's own order. */
export async function unreadJobs(store: Store, place: Place, page: Page): Promise<Unread[]> {
  const entries = await store.list(place, page)
  const found = { place: placeName(place), queue: 'queue' in place ? place.queue : null }
  return entries.map(({ ref, payload, at, reason }) => ({
    payload,
    view: () => jobView(payload, { ...found, ref, at, reason, worker: null, startedAt: null }),
  }))
}

/** Likewise, read. */
export async function storedJobs(store: Store, place: Place, page: Page): Promise<JobView[]> {
  return (await unreadJobs(store, place, page)).map((job) => job.view())
}

/** What all workers have in hand, dead ones too until they are recovered; the longest first. */
export async function runningJobs(store: Store): Promise<JobView[]> {
  const workers = await store.workers()
  const running = await Promise.all(workers.map((record) => runningOf(store, record)))
  return running.flat().sort((one, other) => one.startedAt! - other.startedAt!)
}

/**
 * What the store holds as in flight for a worker, begun at the latest at its last beat. Of a worker that keeps no
 * such record (Sidekiq's own), what it said with its last beat.
 */
export async function runningOf(store: Store, { info, beatAt, running }: WorkerRecord): Promise<JobView[]> {
  const claims = await store.inFlight(info.identity)
  const startedAt = new Map(running.map((job) => [job.token, job.startedAt]))
  const jobs =
    claims.length === 0
      ? running
      : claims.map((claim) => ({ ...claim, startedAt: startedAt.get(claim.token) ?? beatAt }))
  return jobs.map(({ queue, payload, startedAt }) =>
    jobView(payload, {
      place: 'running',
      ref: null,
      queue,
      at: null,
      reason: null,
      worker: info.identity,
      startedAt,
    }),
  )
}

/** How many jobs a place of the store holds. */
export async function sizeOf(store: Store, place: Place, now: EpochMs): Promise<number> {
  if ('queue' in place) {
    const queues = await store.queues(now)
    return queues.find((queue) => queue.name === place.queue)?.size ?? 0
  }
  const { scheduled, retries, dead } = await store.stats(now, 1)
  return { schedule: scheduled, retry: retries, dead }[place.set]
}

/** A set is listed earliest first, so its latest page is counted from its end. */
async function latestFirst(store: Store, place: Place, page: Page & { total: number }): Promise<JobView[]> {
  const end = Math.max(0, page.total - page.offset)
  const start = Math.max(0, end - page.limit)
  return end === start
    ? []
    : (await storedJobs(store, place, { offset: start, limit: end - start })).reverse()
}

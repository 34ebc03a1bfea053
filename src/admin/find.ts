import type { EpochMs } from '../kernel/clock.ts'
import type { Store } from '../store/store.ts'
import { BYTES_NAME_PREFIX, type JobView } from './job-view.ts'
import { runningJobs, type Unread, unreadJobs } from './jobs.ts'
import { type PlaceName, placeName, readPlace, SET_PLACES } from './place.ts'

/** What to look for; all that is given must hold. */
export interface JobQuery {
  /** Any of these: jids, or the names that `JobView.id` gives to jobs without one. */
  readonly ids?: readonly string[]
  /** The class on the wire or the name shown, exactly. */
  readonly class?: string
  /** Anywhere in the payload, upper and lower case alike. */
  readonly text?: string
  /** Default: everywhere, queues last. */
  readonly places?: readonly PlaceName[]
  /** Matches to skip. Default 0. */
  readonly offset?: number
  /** Matches to return. Default `DEFAULT_MATCHES`. */
  readonly limit?: number
  /** Jobs to look at before giving up. Default `MAX_SCANNED`. */
  readonly maxScanned?: number
}

export interface FindResult {
  readonly jobs: readonly JobView[]
  /** How many jobs were looked at. */
  readonly scanned: number
  /** `all`: there are no more matches. `limit`: there may be. `scan_limit`: the rest was not looked at. */
  readonly ended: 'all' | 'limit' | 'scan_limit'
}

export const DEFAULT_MATCHES = 100

/** Under two seconds of work on a local store; a search must not become a load. */
export const MAX_SCANNED = 100_000

const PAGE = 500

/**
 * Looks through places page by page and stops as soon as it has enough. Nothing stands still meanwhile: a job
 * that moves while it is looked for may be missed, or seen in both of its places.
 */
export async function findJobs(store: Store, query: JobQuery, now: EpochMs): Promise<FindResult> {
  const { offset = 0, limit = DEFAULT_MATCHES, maxScanned = MAX_SCANNED } = query
  const matches = matcher(query)
  const jobs: JobView[] = []
  let scanned = 0
  let skipped = 0
  for await (const look of everyJob(store, query.places ?? (await allPlaces(store, now)))) {
    if (scanned === maxScanned) return { jobs, scanned, ended: 'scan_limit' }
    scanned++
    const job = mayMatch(query, look.payload) ? look.view() : null
    if (job === null || !matches(job)) continue
    if (skipped < offset) {
      skipped++
      continue
    }
    if (jobs.length === limit) return { jobs, scanned, ended: 'limit' }
    jobs.push(job)
  }
  return { jobs, scanned, ended: 'all' }
}

/** All places by name, queues last. */
export async function allPlaces(store: Store, now: EpochMs): Promise<PlaceName[]> {
  const queues = await store.queues(now)
  return [...SET_PLACES, ...queues.map(({ name }) => placeName({ queue: name }))]
}

async function* everyJob(store: Store, places: readonly PlaceName[]): AsyncGenerator<Unread> {
  for (const name of places) {
    const place = readPlace(name)
    if ('running' in place) {
      yield* (await runningJobs(store)).map((job) => ({ payload: job.payload, view: () => job }))
      continue
    }
    for (let offset = 0; ; offset += PAGE) {
      const page = await unreadJobs(store, place, { offset, limit: PAGE })
      yield* page
      if (page.length < PAGE) break
    }
  }
}

export function matcher(query: Pick<JobQuery, 'ids' | 'class' | 'text'>): (job: JobView) => boolean {
  const ids = query.ids === undefined ? null : new Set(query.ids)
  const text = query.text?.toLowerCase()
  return (job) =>
    (ids === null || ids.has(job.id)) &&
    (query.class === undefined || query.class === job.class || query.class === job.name) &&
    (text === undefined || containsText(job, text))
}

/** A cheap look at the bytes: reading every payload made a search four times as long. Where letters may be escaped, only reading tells. */
function mayMatch({ ids, class: name, text }: JobQuery, payload: string): boolean {
  if (payload.includes('\\')) return true
  if (ids !== undefined && !ids.some((id) => id.startsWith(BYTES_NAME_PREFIX) || payload.includes(id)))
    return false
  // The name shown of a mail is put together from two parts.
  if (name !== undefined && !name.split('#').every((part) => payload.includes(part))) return false
  return text === undefined || payload.toLowerCase().includes(text.toLowerCase())
}

/** Ruby and others may write letters as escapes, so the text is looked for in what it means as well. */
function containsText(job: JobView, text: string): boolean {
  if (job.payload.toLowerCase().includes(text)) return true
  if (!job.payload.includes('\\') || job.malformed !== null) return false
  return JSON.stringify(JSON.parse(job.payload)).toLowerCase().includes(text)
}

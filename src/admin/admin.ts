import type { Runtime } from '../kernel/runtime.ts'
import type { Page, StoreHealth, StoreStats } from '../store/inspection.ts'
import type { Store } from '../store/store.ts'
import { type ActionOutcome, deleteJob, killJob, type RetryAllResult, retryAll, retryJob } from './actions.ts'
import { type DeployMark, markDeploy } from './deploy-mark.ts'
import { allPlaces, type FindResult, findJobs, type JobQuery } from './find.ts'
import type { JobView } from './job-view.ts'
import { type JobPage, jobPage } from './jobs.ts'
import { type PlaceName, storedPlace } from './place.ts'
import { knownQueues, type QueueView, queueViews } from './queues.ts'
import { type UnknownJobsView, unknownJobsViews } from './unknown-jobs.ts'
import { signalWorker, type WorkerOrder, type WorkerView, workerViews } from './workers.ts'

/**
 * What an operator may ask of a store, and do to it. Every answer is plain JSON.
 *
 * Every method rejects with the `StoreError` of the store call that failed. Places are named as in `PlaceName`.
 */
export interface Admin {
  /** All queues, by name. */
  queues(): Promise<QueueView[]>
  /** Names of queues that hold or held jobs, and of those that workers serve. */
  knownQueues(): Promise<string[]>
  places(): Promise<PlaceName[]>
  jobs(place: PlaceName, page: Page): Promise<JobPage>
  find(query: JobQuery): Promise<FindResult>
  /** To the back of its queue, now. */
  retry(job: JobView): Promise<ActionOutcome>
  retryAll(place: PlaceName, filter?: { class?: string; text?: string }): Promise<RetryAllResult>
  /** To the dead set. */
  kill(job: JobView): Promise<ActionOutcome>
  delete(job: JobView): Promise<ActionOutcome>
  /** Deletes all jobs of a place for good and returns how many. @throws UsageError `admin.running` */
  clear(place: PlaceName): Promise<number>
  /** Stops or resumes claims from a queue. */
  pause(queue: string, paused: boolean): Promise<void>
  workers(): Promise<WorkerView[]>
  /** Jobs that workers met and do not know, by class: of one that stays in the list, no worker knows it. */
  unknownJobs(): Promise<UnknownJobsView[]>
  /** False when no such worker is registered. It obeys at its next beat. */
  signal(identity: string, order: WorkerOrder): Promise<boolean>
  /** One row a day, today (UTC) first. */
  stats(days: number): Promise<StoreStats>
  /** Marks a deploy in the charts of Sidekiq's pages, where the store has such. */
  markDeploy(label: string): Promise<DeployMark>
  health(): Promise<StoreHealth>
}

export function adminOf(runtime: Runtime, store: Store): Admin {
  const now = () => runtime.clock.now()
  return {
    queues: () => queueViews(store, now()),
    knownQueues: () => knownQueues(store, now()),
    places: () => allPlaces(store, now()),
    jobs: (place, page) => jobPage(store, place, { ...page, now: now() }),
    find: (query) => findJobs(store, query, now()),
    retry: (job) => retryJob(store, job, now()),
    retryAll: (place, filter = {}) => retryAll(store, place, { ...filter, now: now() }),
    kill: (job) => killJob(store, job, now()),
    delete: (job) => deleteJob(store, job),
    clear: async (place) => store.clear(storedPlace(place)),
    pause: (queue, paused) => store.pause(queue, paused),
    workers: () => workerViews(store, now()),
    unknownJobs: () => unknownJobsViews(store),
    signal: (identity, order) => signalWorker(store, identity, order),
    stats: (days) => store.stats(now(), days),
    markDeploy: (label) => markDeploy(store, label, now()),
    health: () => store.ping(),
  }
}

import type { EpochMs } from '../kernel/clock.ts'
import type { Store } from '../store/store.ts'
import type { ToldCapsule, WorkerRecord, WorkerSignal } from '../store/worker-record.ts'
import type { JobView } from './job-view.ts'
import { runningOf } from './jobs.ts'

/** A worker that has not beaten for this long has lost its lease: its jobs may be given to others. */
export const SILENT_AFTER_MS = 60_000

export interface WorkerView {
  readonly identity: string
  readonly hostname: string
  readonly pid: number
  readonly tag: string
  readonly labels: readonly string[]
  readonly version: string
  readonly startedAt: EpochMs
  readonly beatAt: EpochMs
  /** Since its last beat. */
  readonly silentForMs: number
  /** `silent`: presumed dead. `quiet`: takes no more jobs. */
  readonly state: 'working' | 'quiet' | 'silent'
  readonly rssKib: number
  /** Jobs it runs at once, at most. */
  readonly concurrency: number
  readonly queues: readonly string[]
  readonly capsules: readonly ToldCapsule[]
  /** What the store holds as in its hands. */
  readonly running: readonly JobView[]
}

/** What an operator asks of a worker: to take no more jobs, or to end as soon as it can. */
export type WorkerOrder = 'quiet' | 'stop'

const SIGNALS: Readonly<Record<WorkerOrder, WorkerSignal>> = { quiet: 'TSTP', stop: 'TERM' }

/** All registered workers, by identity. */
export async function workerViews(store: Store, now: EpochMs): Promise<WorkerView[]> {
  const records = await store.workers()
  const views = records.map(async (record) => workerView(record, now, await runningOf(store, record)))
  return (await Promise.all(views)).sort((one, other) => (one.identity < other.identity ? -1 : 1))
}

/** Leaves the order for the worker's next beat. False when no such worker is registered; then nothing was left. */
export async function signalWorker(store: Store, identity: string, order: WorkerOrder): Promise<boolean> {
  const workers = await store.workers()
  if (!workers.some(({ info }) => info.identity === identity)) return false
  await store.signal(identity, SIGNALS[order])
  return true
}

function workerView(record: WorkerRecord, now: EpochMs, running: readonly JobView[]): WorkerView {
  const { info, beatAt, quiet, rssKib } = record
  const { identity, hostname, pid, tag, labels, version, startedAt, capsules } = info
  const silentForMs = Math.max(0, now - beatAt)
  const awake = quiet ? 'quiet' : 'working'
  return {
    ...{ identity, hostname, pid, tag, labels, version, startedAt, beatAt, silentForMs, rssKib, capsules },
    state: silentForMs >= SILENT_AFTER_MS ? 'silent' : awake,
    concurrency: capsules.reduce((sum, capsule) => sum + capsule.concurrency, 0),
    queues: [...new Set(capsules.flatMap(({ weights }) => Object.keys(weights)))],
    running,
  }
}

import { nameOf } from '../job/invocation.ts'
import { isMalformed } from '../job/payload.ts'
import type { UnknownJobs, WithUnknownJobs } from '../job/unknown-jobs.ts'
import { ignore } from '../kernel/ignore.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { WorkerInfo, WorkerRecord } from '../store/worker-record.ts'
import { labels, type RunningJob } from './running-job.ts'
import type { WorkerEvents } from './worker-events.ts'

/** Past this, further classes are passed over: each beat carries them, and names may come from anywhere. */
const MAX_CLASSES = 100
const MAX_NAME = 200
/** Such a job comes back every half minute; one that has not for so long was taken by somebody. */
const FORGET_MS = 300_000

/** What this process met and does not know: one warning a class and queue, and a word for the worker's beats. */
export class UnknownJobLog {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #met = new Map<string, UnknownJobs>()
  /** Those that no other worker could know. */
  #hopeless = new Set<string>()

  constructor(runtime: Runtime, store: Store) {
    this.#runtime = runtime
    this.#store = store
  }

  /** The same events, with an eye on those of unknown jobs. */
  watching(events: WorkerEvents): WorkerEvents {
    return {
      ...events,
      jobEnded: (job, result, settlement) => {
        if (result.kind === 'unknown') this.#note(job, result.reason)
        events.jobEnded?.(job, result, settlement)
      },
    }
  }

  /** How the worker introduces itself with a beat: with what it met. It then hears the others, too. */
  addedTo(info: WorkerInfo): WorkerInfo & WithUnknownJobs {
    const forgotten = this.#runtime.clock.now() - FORGET_MS
    for (const [key, { lastAt }] of this.#met) if (lastAt < forgotten) this.#met.delete(key)
    if (this.#met.size === 0) return info
    this.#look()
    return { ...info, unknownJobs: [...this.#met.values()] }
  }

  /** Whether another worker serves the queue that has not said that it does not know the class either. */
  othersMayKnow(name: string, queue: string): boolean {
    return !this.#hopeless.has(keyOf(name, queue))
  }

  #note(job: RunningJob, reason: string): void {
    const { payload, claim } = job
    if (isMalformed(payload)) return
    const name = nameOf(payload)
    const key = keyOf(name, claim.queue)
    const before = this.#met.get(key)
    if (before === undefined && this.#met.size >= MAX_CLASSES) return
    if (before === undefined) {
      const words = `${reason}; such jobs come back to their queue after some seconds, for a worker that knows them`
      this.#runtime.logger.warn(words, labels(job))
    }
    const count = (before?.count ?? 0) + 1
    const lastAt = this.#runtime.clock.now()
    this.#met.set(key, { class: name.slice(0, MAX_NAME), queue: claim.queue, count, lastAt })
  }

  #look(): void {
    const looked = this.#store.workers().then((records) => this.#judge(records))
    ignore(looked, 'the next beat looks again', this.#runtime.logger)
  }

  #judge(records: readonly WorkerRecord[]): void {
    // This worker is among them, and has said what it does not know. Dead ones do not stay.
    const working = records.filter(({ quiet }) => !quiet)
    const hopeless = [...this.#met].filter(
      ([, job]) => !working.some(({ info }) => serves(info, job.queue) && !hasMet(info, job)),
    )
    this.#hopeless = new Set(hopeless.map(([key]) => key))
  }
}

const keyOf = (name: string, queue: string): string => `${name.slice(0, MAX_NAME)}@${queue}`

function serves({ capsules }: WorkerInfo, queue: string): boolean {
  return capsules.some(({ weights }) => Object.hasOwn(weights, queue))
}

function hasMet(info: WorkerInfo & WithUnknownJobs, job: UnknownJobs): boolean {
  return info.unknownJobs?.some((one) => one.class === job.class && one.queue === job.queue) ?? false
}

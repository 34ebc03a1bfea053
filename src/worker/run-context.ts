import { type ContextValues, withContext } from '../client/context.ts'
import type { JobContext } from '../job/definition.ts'
import { retriesOf } from '../job/failure.ts'
import { nameOf } from '../job/invocation.ts'
import type { Payload } from '../job/payload.ts'
import type { Logger } from '../kernel/logger.ts'
import type { RunningJob } from './running-job.ts'

/** A job's view of its run. Its signal and its logger are made when first used. */
export class RunContext implements JobContext {
  readonly #job: RunningJob
  readonly #payload: Payload
  readonly #logger: Logger
  #log: Logger | null = null

  constructor(job: RunningJob, payload: Payload, logger: Logger) {
    this.#job = job
    this.#payload = payload
    this.#logger = logger
  }

  get jid(): string {
    return this.#payload.jid
  }

  get job(): string {
    return nameOf(this.#payload)
  }

  get queue(): string {
    return this.#job.claim.queue
  }

  get attempt(): number {
    return retriesOf(this.#payload) + 1
  }

  get signal(): AbortSignal {
    return this.#job.signal
  }

  get log(): Logger {
    this.#log ??= this.#logger.child({ jid: this.jid, class: this.job })
    return this.#log
  }
}

/** Runs `body` with the context that the job was enqueued in. */
export function inContextOf<T>({ context }: Payload, body: () => T): T {
  return typeof context === 'object' && context !== null
    ? withContext(context as ContextValues, body)
    : body()
}

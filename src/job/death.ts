import type { Logger } from '../kernel/logger.ts'
import type { JobError } from './failure.ts'
import type { Payload } from './payload.ts'

/** A job that was given up: out of retries, killed, or the end of too many processes. */
export interface JobDeath {
  readonly jid: string
  /** The name on the wire. */
  readonly job: string
  readonly queue: string
  /** What it died of. `thrown` is there when it was thrown in the worker's own thread. */
  readonly error: JobError
  /** As it was before its last run, arguments and all. */
  readonly payload: Payload
  /** Adds the job's name and jid to every line. */
  readonly log: Logger
}

/** Hears of a job's death. What it throws or rejects with is logged and changes nothing. */
export type DeathHandler = (death: JobDeath) => unknown

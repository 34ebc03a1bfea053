import type { EpochMs } from '../kernel/clock.ts'

/** Jobs of one class on one queue, met by a worker that does not know the class. */
export interface UnknownJobs {
  readonly class: string
  readonly queue: string
  /** How often one was met; a job that comes back is met again. */
  readonly count: number
  readonly lastAt: EpochMs
}

/** A worker's word about itself that says what it could not run. */
export interface WithUnknownJobs {
  readonly unknownJobs?: readonly UnknownJobs[]
}

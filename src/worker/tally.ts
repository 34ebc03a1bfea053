import type { JobResult } from './job-result.ts'

/** What was run since the store last heard of it. */
export interface Counts {
  readonly processed: number
  readonly failed: number
}

const FAILURES = new Set<JobResult['kind']>(['failed', 'killed', 'crashed'])
/** A job that goes back untouched, or that nobody could run, was not executed. */
const NOT_RUN = new Set<JobResult['kind']>(['interrupted', 'unrunnable'])

/** Counts executions in memory; the heartbeat brings them to the store, so that counting costs no round trip. */
export class Tally {
  #processed = 0
  #failed = 0

  add(result: JobResult): void {
    if (NOT_RUN.has(result.kind)) return
    this.#processed += 1
    if (FAILURES.has(result.kind)) this.#failed += 1
  }

  /** The counts so far; counting begins again at zero. */
  take(): Counts {
    const counts = { processed: this.#processed, failed: this.#failed }
    this.#processed = 0
    this.#failed = 0
    return counts
  }
}

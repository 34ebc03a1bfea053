import { type Executions, histogramStep, RUN_TIME_LIMITS_MS } from '../store/executions.ts'
import type { JobResult } from './job-result.ts'

/** What was run since the store last heard of it. */
export interface Counts {
  readonly processed: number
  readonly failed: number
  readonly executions?: readonly Executions[]
}

const FAILURES = new Set<JobResult['kind']>(['failed', 'killed', 'crashed'])
/** A job that goes back untouched, or that nobody could run, was not executed. */
const NOT_RUN = new Set<JobResult['kind']>(['interrupted', 'unstarted', 'unknown', 'unrunnable'])

interface ClassTally {
  readonly name: string
  processed: number
  failed: number
  elapsedMs: number
  readonly histogram: number[]
}

/** Counts executions in memory; the heartbeat brings them to the store, so that counting costs no round trip. */
export class Tally {
  #processed = 0
  #failed = 0
  #countsClasses = false
  readonly #classes = new Map<string, ClassTally>()

  /** Whether to count by class from now on, too. */
  countClasses(wanted: boolean): void {
    this.#countsClasses = wanted
  }

  /** @param name of its class; null when it has none, and then it only counts in the totals */
  add(result: JobResult, name: string | null, elapsedMs: number): void {
    if (NOT_RUN.has(result.kind)) return
    const hasFailed = FAILURES.has(result.kind)
    this.#processed += 1
    if (hasFailed) this.#failed += 1
    if (this.#countsClasses && name !== null) count(this.#classOf(name), hasFailed, elapsedMs)
  }

  get isEmpty(): boolean {
    return this.#processed === 0
  }

  /** The counts so far; counting begins again at zero. */
  take(): Counts {
    const counts = { processed: this.#processed, failed: this.#failed }
    const executions = [...this.#classes.values()]
    this.#processed = 0
    this.#failed = 0
    this.#classes.clear()
    return executions.length === 0 ? counts : { ...counts, executions }
  }

  #classOf(name: string): ClassTally {
    const known = this.#classes.get(name)
    if (known !== undefined) return known
    const histogram = new Array<number>(RUN_TIME_LIMITS_MS.length + 1).fill(0)
    const fresh = { name, processed: 0, failed: 0, elapsedMs: 0, histogram }
    this.#classes.set(name, fresh)
    return fresh
  }
}

/** Times are those of successful runs alone, as Sidekiq counts them; a clock that was set back does not count. */
function count(tally: ClassTally, hasFailed: boolean, elapsedMs: number): void {
  tally.processed += 1
  if (hasFailed) {
    tally.failed += 1
    return
  }
  const ms = Math.max(0, Math.round(elapsedMs))
  tally.elapsedMs += ms
  tally.histogram[histogramStep(ms)]! += 1
}

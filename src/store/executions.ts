/**
 * The upper limits of the steps by which run times are counted, in milliseconds; a last step, without a limit, follows.
 * They are those of Sidekiq 7 and 8.
 */
export const RUN_TIME_LIMITS_MS = [
  20, 30, 45, 65, 100, 150, 225, 335, 500, 750, 1100, 1700, 2500, 3800, 5750, 8500, 13_000, 20_000, 30_000,
  45_000, 65_000, 100_000, 150_000, 225_000, 335_000,
] as const

/** What was run of one class since the last beat. */
export interface Executions {
  readonly name: string
  readonly processed: number
  readonly failed: number
  /** Run time of the successful ones together. */
  readonly elapsedMs: number
  /** Successful ones by run time: one number for each of `RUN_TIME_LIMITS_MS`, and one for the longer ones. */
  readonly histogram: readonly number[]
}

/** The place in a histogram of a run that took so long: the first step whose limit is greater. */
export function histogramStep(elapsedMs: number): number {
  const step = RUN_TIME_LIMITS_MS.findIndex((limit) => limit > elapsedMs)
  return step === -1 ? RUN_TIME_LIMITS_MS.length : step
}

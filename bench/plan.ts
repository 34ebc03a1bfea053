/** How much is measured. */
export interface Plan {
  readonly rounds: number
  /** Share of each subject's usual number of jobs. */
  readonly share: number
  readonly pickUps: number
  readonly idleMs: number
  /** Jobs of a portion and number of portions after which memory is read, for Capstan. */
  readonly memory: { readonly jobs: number; readonly portions: number }
  readonly backlogs: readonly number[]
  readonly queueCounts: readonly number[]
  readonly processCounts: readonly number[]
  /** Jobs of one growth measure. */
  readonly growthJobs: number
}

export const FULL: Plan = {
  rounds: 5,
  share: 1,
  pickUps: 60,
  idleMs: 5_000,
  memory: { jobs: 100_000, portions: 10 },
  backlogs: [1_000, 10_000, 100_000, 1_000_000],
  queueCounts: [1, 10, 50],
  processCounts: [1, 2, 4],
  growthJobs: 100_000,
}

/** Under three minutes. */
export const QUICK: Plan = {
  rounds: 2,
  share: 0.25,
  pickUps: 25,
  idleMs: 2_000,
  memory: { jobs: 50_000, portions: 4 },
  backlogs: [1_000, 100_000],
  queueCounts: [1, 50],
  processCounts: [1, 2],
  growthJobs: 30_000,
}

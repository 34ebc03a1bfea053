/** How much is measured. */
export interface Plan {
  readonly rounds: number
  /** No round begins that would end later than so many minutes after the start; see GRACE_MINUTES. */
  readonly mostMinutes: number
  /** Share of each subject's usual number of jobs. */
  readonly share: number
  readonly pickUps: number
  /** Rounds of what needs processes of its own: start-up, growth. */
  readonly apartRounds: number
  /** Jobs of a portion, and number of portions, during which memory is read. */
  readonly memory: { readonly jobs: number; readonly peerJobs: number; readonly portions: number }
  readonly backlogs: readonly number[]
  readonly queueCounts: readonly number[]
  readonly processCounts: readonly number[]
  readonly peerProcessCounts: readonly number[]
  /** Jobs of one growth measure. */
  readonly growthJobs: number
}

/** A run that takes so much longer than it may is ended without a result. */
export const GRACE_MINUTES = 6

/** About half an hour. */
export const FULL: Plan = {
  rounds: 5,
  mostMinutes: 33,
  share: 1,
  pickUps: 100,
  apartRounds: 3,
  memory: { jobs: 100_000, peerJobs: 100_000, portions: 10 },
  backlogs: [1_000, 10_000, 100_000, 1_000_000],
  queueCounts: [1, 10, 50],
  processCounts: [1, 2, 4, 8, 20],
  peerProcessCounts: [1, 2, 4],
  growthJobs: 100_000,
}

/** About two minutes on an idle machine. */
export const QUICK: Plan = {
  rounds: 2,
  mostMinutes: 3,
  share: 0.2,
  pickUps: 40,
  apartRounds: 1,
  memory: { jobs: 40_000, peerJobs: 4_000, portions: 4 },
  backlogs: [1_000, 100_000],
  queueCounts: [1, 50],
  processCounts: [1, 4],
  peerProcessCounts: [1, 2],
  growthJobs: 100_000,
}

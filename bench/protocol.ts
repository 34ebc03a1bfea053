import type { LedgerReport } from './ledger.ts'

export interface EnqueueRequest {
  readonly jobs: number
  /** Id of the first; the others follow. */
  readonly from: number
  /** Bytes of padding in each job's arguments. */
  readonly padding: number
  /** Calls under way at a time; bulk calls are made one by one. */
  readonly inFlight: number
}

export interface WorkRequest {
  readonly concurrency: number
  readonly queues: readonly string[]
  /** Ids run from 0 to below this. */
  readonly ids: number
  /** `reached` is answered when so many jobs have ended. */
  readonly wanted: number
  /** How long each job waits; 0 for one that does nothing. */
  readonly waitMs: number
  /** Whether to note when each job began. */
  readonly times: boolean
}

/** What a child is asked, one line of JSON each. bench/peers/sidekiq.rb answers the same. */
export type Request =
  | ({ readonly ask: 'enqueue' } & EnqueueRequest)
  | ({ readonly ask: 'enqueueMany' } & EnqueueRequest)
  | { readonly ask: 'drip'; readonly jobs: number; readonly pauseMs: number }
  | ({ readonly ask: 'work' } & WorkRequest)
  | { readonly ask: 'reached' | 'count' | 'readings' | 'stop' }

/** What it answers. */
export interface Answers {
  readonly enqueue: { readonly wallMs: number; readonly cpuUs: number }
  readonly enqueueMany: { readonly wallMs: number; readonly cpuUs: number }
  readonly drip: { readonly sentMs: readonly number[] }
  readonly work: { readonly rssBytes: number }
  readonly reached: object
  readonly count: { readonly ended: number }
  readonly readings: object
  readonly stop: LedgerReport
}

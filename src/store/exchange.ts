import type { EpochMs } from '../kernel/clock.ts'

/** A job in flight. */
export interface Claim {
  /** Names this claim among all that this worker ever made; never used again, so settling twice cannot hit another job. */
  readonly token: string
  /** The queue it was taken from, which need not be the one in its payload. */
  readonly queue: string
  readonly payload: string
  /** Why nobody can run it, when its bytes are no text: `payload` then only resembles them. */
  readonly unreadable?: string
}

/** What becomes of a job in flight. `payload: null` means the bytes that the store holds, untouched. */
export type Settlement =
  /** It succeeded, or was dropped on purpose. */
  | { readonly token: string; readonly to: 'done' }
  /** To the retry set, or to the schedule, until `at`. */
  | {
      readonly token: string
      readonly to: 'retry' | 'schedule'
      readonly payload: string
      readonly at: EpochMs
    }
  | {
      readonly token: string
      readonly to: 'dead'
      readonly payload: string | null
      readonly reason: string | null
    }
  /** Back to the front of the queue that it was claimed from. */
  | { readonly token: string; readonly to: 'queue'; readonly payload: string | null }

export interface ExchangeRequest {
  readonly identity: string
  readonly now: EpochMs
  readonly settle: readonly Settlement[]
  /** Queues in the order to try them; a later one is asked only when the earlier ones are empty. */
  readonly queues: readonly string[]
  /** The most jobs to claim: the free slots. 0 only settles. */
  readonly count: number
}

/** What an idle worker waits for. */
export interface WaitRequest {
  readonly identity: string
  readonly queues: readonly string[]
  /** Ends the wait. */
  readonly signal: AbortSignal
  /**
   * Takes the jobs of which the store can say more than that they are there: it has claimed them as they came, at most
   * one of each queue. Called at any time until the wait has settled. A store need not do so.
   */
  readonly taken: (claims: readonly Claim[]) => void
}

export interface ExchangeReply {
  /** False when the worker is not registered (its lease ended and its jobs were recovered): nothing was claimed. */
  readonly registered: boolean
  readonly claims: readonly Claim[]
  /** Tokens that were not in flight for this worker any more: settled before, or recovered. Nothing was done for them. */
  readonly refused: readonly string[]
  /** Those of the asked queues that are paused; do not wait for them. */
  readonly paused: readonly string[]
}

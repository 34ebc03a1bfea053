import type { EpochMs } from '../kernel/clock.ts'

/** How long a push token is remembered. */
export const TOKEN_MS = 120_000

/** The dead set keeps this many jobs at most, for this long at most: the wire's own limits. */
export const DEAD_MAX_JOBS = 9_999
export const DEAD_MAX_AGE_MS = 180 * 86_400_000

export interface PushJob {
  readonly queue: string
  readonly payload: string
  /** null: runnable now. Otherwise the job waits in the schedule until then. */
  readonly at: EpochMs | null
}

export interface PushBatch {
  /** A repeat of a push with the same token within `TOKEN_MS` changes nothing and succeeds. */
  readonly token: string
  readonly now: EpochMs
  /** In order: of one queue, earlier ones run first. */
  readonly jobs: readonly PushJob[]
  /** Tokens of earlier pushes whose answers have arrived: they will not be repeated, the store may forget them. */
  readonly answered?: readonly string[]
}

/** Where a job goes next. `payload: null` means its bytes as they are. */
export type Route =
  | { readonly to: 'queue'; readonly queue: string; readonly payload: string | null }
  | { readonly to: 'dead'; readonly payload: string | null; readonly reason: string }

export interface PromoteRequest {
  /** Entries due at or before this moment move. */
  readonly now: EpochMs
  readonly limit: number
  /** Pure: says where a due job goes. May be called more than once for a job. */
  readonly route: (payload: string) => Route
}

export interface RecoverRequest {
  readonly identity: string
  readonly now: EpochMs
  /** The worker's last beat as the caller saw it. Any other beat in the record means that it lives. */
  readonly beatAt: EpochMs
  /** Pure: says where each job goes; `queue` is the one it was claimed from. */
  readonly revise: (payload: string, queue: string) => Route
}

export interface Recovered {
  readonly route: Route
  /** The payload as it was in flight. */
  readonly payload: string
}

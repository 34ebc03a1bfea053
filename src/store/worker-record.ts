import type { EpochMs } from '../kernel/clock.ts'
import type { Executions } from './executions.ts'

export type WorkerSignal = 'TSTP' | 'TERM' | 'TTIN'

/** One set of queues with its own number of slots. */
export interface CapsuleInfo {
  readonly name: string
  readonly concurrency: number
  readonly mode: 'strict' | 'weighted' | 'random'
  /** Queue name to weight; 0 for every queue of a strict capsule. In the order given by the user. */
  readonly weights: Readonly<Record<string, number>>
}

/** What a worker tells of a capsule. Sidekiq's own leave out, by version, what is null here. */
export interface ToldCapsule {
  readonly name: string
  readonly concurrency: number
  readonly mode: CapsuleInfo['mode'] | null
  readonly weights: Readonly<Record<string, number | null>>
}

/** What does not change in the life of a worker process. */
export interface WorkerInfo {
  /** `HOSTNAME:PID:NONCE`, NONCE being 12 lower-case hex digits. */
  readonly identity: string
  readonly hostname: string
  readonly pid: number
  /** Tells this run of the machine and this process from later ones with the same pid; '' where unknown. */
  readonly bootId: string
  readonly processStart: string
  readonly startedAt: EpochMs
  readonly tag: string
  readonly labels: readonly string[]
  readonly capsules: readonly ToldCapsule[]
  /** Of Capstan. */
  readonly version: string
  /** The run of a systemd service that it is, where it is one. */
  readonly service?: { readonly unit: string; readonly invocation: string }
}

/** A job that a worker runs at the moment of a beat. */
export interface RunningJob {
  /** The claim's token. */
  readonly token: string
  readonly queue: string
  readonly payload: string
  readonly startedAt: EpochMs
}

export interface Beat {
  readonly worker: WorkerInfo
  /**
   * Names the beat among this worker's: one with the `now` of the last is its repeat after a lost answer. It adds
   * nothing to the counters and gets the same signal again.
   */
  readonly now: EpochMs
  readonly quiet: boolean
  readonly running: readonly RunningJob[]
  /** Executions and failures since the last beat that was answered. Added to the totals and to the UTC day of `now`. */
  readonly processed: number
  readonly failed: number
  /** The same by class, where the answer to the last beat asked for it. A store may drop them. */
  readonly executions?: readonly Executions[]
  /** Resident memory. */
  readonly rssKib: number
  /** Last measured round trip to the store, in microseconds. */
  readonly roundTripUs: number
}

export interface BeatReply {
  /** The worker was not registered: it is the first time, or it was taken for dead, or the store has lost its data. */
  readonly isNew: boolean
  /** A message from an operator, taken once. */
  readonly signal: WorkerSignal | null
  /** Tokens of all that the store holds as in flight for this worker. */
  readonly inFlight: readonly string[]
  /** Asks for `executions` with the next beat. Default false. */
  readonly countsClasses?: boolean
}

export interface WorkerRecord {
  readonly info: WorkerInfo
  /** The `now` of its last beat. */
  readonly beatAt: EpochMs
  readonly quiet: boolean
  readonly rssKib: number
  readonly running: readonly RunningJob[]
}

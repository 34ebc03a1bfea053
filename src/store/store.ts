import type { EpochMs } from '../kernel/clock.ts'
import type { Claim, ExchangeReply, ExchangeRequest, WaitRequest } from './exchange.ts'
import type {
  Entry,
  EntryRef,
  Move,
  Page,
  Place,
  QueueSummary,
  StoreHealth,
  StoreStats,
} from './inspection.ts'
import type { PromoteRequest, PushBatch, Recovered, RecoverRequest } from './transfer.ts'
import type { Beat, BeatReply, WorkerRecord, WorkerSignal } from './worker-record.ts'

/**
 * Where jobs live. A store is correct when the contract suite passes; nothing else defines it.
 *
 * The life of a job in a store, each arrow one atomic step:
 *
 *     push ──▶ queue ──exchange──▶ in flight, owned by one worker ──exchange──▶ gone (done)
 *       │        ▲                     │                          ├─▶ retry ─┐
 *       └▶ schedule ──promote──────────┼──(leave, recover, return)┘─▶ dead   │
 *                ▲─────────────────────┴───────────promote───────────────────┘
 *
 * Promises: a job is in exactly one of these places at any moment, whatever dies; every method either took
 * effect whole or not at all; a method whose answer was lost may be called again without harm. Time is an
 * argument, so that all implementations and the simulation agree about it. Payloads are opaque text: they
 * come back byte for byte.
 *
 * Every method rejects with a `StoreError`: `store.not_stored` (nothing changed), `store.unknown` (no answer:
 * it may have taken effect; safe to repeat), `store.full` (no room for new data) or `store.closed`. Opening one may
 * also fail with `store.version` (the engine or the file is of a version that cannot be used) or `store.corrupt`.
 */
export interface Store {
  /**
   * Whether another process does its work, which then goes on while this one does something else. Where it does not,
   * one call for all costs less than one for each part.
   */
  readonly isApart: boolean

  /** Adds jobs to queues or to the schedule, all or none. A repeated token is answered without pushing again. */
  push(batch: PushBatch): Promise<void>

  /**
   * Settles what a worker finished and claims what it has room for, in one round trip. What is settled back to a
   * queue goes to its front one after the other, in the order given.
   */
  exchange(request: ExchangeRequest): Promise<ExchangeReply>

  /**
   * Resolves when one of the queues may hold a job for this worker, when the signal aborts, and at the latest
   * after about a minute. A hint only: the next `exchange` tells. It waits out a store that is gone, and rejects only
   * with `store.unknown`: a job may have been claimed of which the worker was not told.
   */
  waitForJobs(request: WaitRequest): Promise<void>

  /** Registers the worker, or renews it: its lease, its counters, what it runs. Called before the first claim. */
  heartbeat(beat: Beat): Promise<BeatReply>

  /** All that the store holds as in flight for this worker, in no order. For comparing after lost answers. */
  inFlight(identity: string): Promise<Claim[]>

  /** Hands all that is still in flight back to the front of its queues, unchanged, and removes the registration. */
  leave(identity: string, now: EpochMs): Promise<void>

  /**
   * `leave` for a worker in whose process jobs still run: resolves with the step itself, which the process takes as the
   * last thing that it does, so that none of them runs on when it begins elsewhere. It needs no turn of the event loop.
   * Nothing may be settled or claimed between the two. Nobody hears whether it took effect, unless it throws; a worker
   * that did not leave is recovered like one that was killed.
   */
  prepareToLeave(identity: string, now: EpochMs): Promise<() => void>

  /** Every registered worker, dead ones too until they are recovered. */
  workers(): Promise<WorkerRecord[]>

  /**
   * Takes a dead worker's jobs out of its in-flight record, back to the front of their queues or to the dead
   * set as `revise` says, and removes its registration. Does nothing and returns null when the worker has
   * beaten since `beatAt` (it lives) or is not registered (somebody else did it).
   */
  recover(request: RecoverRequest): Promise<Recovered[] | null>

  /**
   * Moves up to `limit` due jobs from the retry set and the schedule to their queues, or where a queue cannot take one, to
   * a little later. Returns how many moved.
   */
  promote(request: PromoteRequest): Promise<number>

  /** All queues that ever got a job and were not removed, by name. */
  queues(now: EpochMs): Promise<QueueSummary[]>

  /** Entries of one place: a queue next-to-run first, a set earliest first. */
  list(place: Place, page: Page): Promise<Entry[]>

  /** Moves one entry elsewhere. False when it is no longer there (somebody was faster); then nothing changed. */
  move(place: Place, ref: EntryRef, move: Move): Promise<boolean>

  /** Deletes all entries of a place and returns how many there were. A cleared queue is forgotten by `queues`. */
  clear(place: Place): Promise<number>

  /** Stops or resumes claims from a queue, for all workers, from their next exchange on. */
  pause(queue: string, paused: boolean): Promise<void>

  /** Leaves a message that the worker takes with one of its next beats: quiet, stop, or say what runs. */
  signal(identity: string, signal: WorkerSignal): Promise<void>

  /** Counters and sizes, with one row a day for the last `days` days, today (UTC) first. */
  stats(now: EpochMs, days: number): Promise<StoreStats>

  /** Asks whether the store answers, and what about its set-up endangers jobs. */
  ping(): Promise<StoreHealth>

  /** Ends all connections. Calls under way reject with `store.closed`; later ones too. */
  close(): Promise<void>
}

import type { EpochMs } from '../kernel/clock.ts'

/** A place where jobs wait. */
export type Place = { readonly queue: string } | { readonly set: 'schedule' | 'retry' | 'dead' }

export interface Page {
  readonly offset: number
  readonly limit: number
}

/** Finds one entry again, within one store. Opaque; survives being printed and read back. */
export type EntryRef = string & { readonly entryRef: unique symbol }

export interface Entry {
  readonly ref: EntryRef
  readonly payload: string
  /** When it runs (schedule, retry) or when it died (dead); null in a queue. */
  readonly at: EpochMs | null
  /** Why a job that could not even be read was put into the dead set; else null. */
  readonly reason: string | null
}

/** What to do with one entry. `payload: null` means its bytes as they are. */
export type Move =
  | { readonly to: 'nowhere' }
  /** To the back of the queue, as a new job. */
  | { readonly to: 'queue'; readonly queue: string; readonly payload: string | null }
  | { readonly to: 'dead'; readonly payload: string | null; readonly now: EpochMs }

export interface QueueSummary {
  readonly name: string
  readonly size: number
  readonly paused: boolean
  /** The next job to run, as it stands; null when the queue is empty. How long it has waited is the queue's latency. */
  readonly oldest: string | null
  /** Why nothing can be put there or taken from there, in words. Absent where all is well. */
  readonly broken?: string
}

export interface StoreStats {
  readonly processed: number
  readonly failed: number
  readonly enqueued: number
  readonly scheduled: number
  readonly retries: number
  readonly dead: number
  readonly inFlight: number
  readonly workers: number
  readonly days: ReadonlyArray<{ readonly date: string; readonly processed: number; readonly failed: number }>
}

export interface StoreHealth {
  readonly kind: 'memory' | 'sqlite' | 'redis'
  /** Of the engine. */
  readonly version: string
  /** Where it is, without secrets. */
  readonly location: string
  /** What an accepted job survives, in words. */
  readonly durability: string
  /** What about the set-up endangers jobs, each with its cure. */
  readonly warnings: readonly string[]
  /** Why it takes no new job now, each with its cure. Absent where nothing of the kind is looked for. */
  readonly faults?: readonly string[]
}

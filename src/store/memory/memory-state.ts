import type { EpochMs } from '../../kernel/clock.ts'
import type { Claim } from '../exchange.ts'
import type { Entry, EntryRef, Place } from '../inspection.ts'
import { DEAD_MAX_AGE_MS, DEAD_MAX_JOBS } from '../transfer.ts'
import type { WorkerRecord, WorkerSignal } from '../worker-record.ts'
import { Waiting } from './waiting.ts'

export interface MemoryStateOptions {
  /** The dead set keeps this many jobs at most. Default `DEAD_MAX_JOBS`. */
  readonly deadMaxJobs?: number
  /** The dead set keeps a job for less than this long. Default `DEAD_MAX_AGE_MS`. */
  readonly deadMaxAgeMs?: number
}

/** A registered worker with what it holds. */
export interface RegisteredWorker {
  readonly record: WorkerRecord
  /** By token, in the order of the claims. */
  readonly inFlight: Map<string, Claim>
  /** The signal that its last beat was answered with. */
  readonly lastSignal: WorkerSignal | null
}

export interface DayCounts {
  readonly processed: number
  readonly failed: number
}

export type SetName = 'schedule' | 'retry' | 'dead'

/**
 * All that a memory store holds. Several stores may share one state, as several connections share a database.
 *
 * Every change is made in one synchronous step, so no promise of the port needs more than plain code.
 */
export class MemoryState {
  /** Next to run first. A queue stays, empty, until it is cleared. */
  readonly queues = new Map<string, Entry[]>()
  /** Earliest first; what came later stands behind what is due at the same moment. */
  readonly sets: Record<SetName, Entry[]> = { schedule: [], retry: [], dead: [] }
  readonly paused = new Set<string>()
  readonly workers = new Map<string, RegisteredWorker>()
  readonly signals = new Map<string, WorkerSignal[]>()
  /** By UTC day. */
  readonly counts = new Map<string, DayCounts>()
  /** Push tokens that may still be repeated, with the time of their push. */
  readonly pushTokens = new Map<string, EpochMs>()
  readonly waiting = new Waiting()
  readonly #dead: Required<MemoryStateOptions>
  #serial = 0

  constructor(options: MemoryStateOptions = {}) {
    this.#dead = {
      deadMaxJobs: options.deadMaxJobs ?? DEAD_MAX_JOBS,
      deadMaxAgeMs: options.deadMaxAgeMs ?? DEAD_MAX_AGE_MS,
    }
  }

  /** A text that this state never gave out before: for claim tokens and entry references. */
  freshName(): string {
    this.#serial += 1
    return String(this.#serial)
  }

  pushBack(queue: string, payload: string): void {
    this.#queue(queue).push(this.#entry(payload))
    this.waiting.wake(queue)
  }

  pushFront(queue: string, payload: string): void {
    this.#queue(queue).unshift(this.#entry(payload))
    this.waiting.wake(queue)
  }

  addTo(set: 'schedule' | 'retry', payload: string, at: EpochMs): void {
    this.#insert(set, { ...this.#entry(payload), at })
  }

  /** Adds to the dead set and drops what is too old or too much, the oldest first. */
  bury(payload: string, now: EpochMs, reason: string | null): void {
    this.#insert('dead', { ...this.#entry(payload), at: now, reason })
    const young = this.sets.dead.filter((entry) => entry.at! > now - this.#dead.deadMaxAgeMs)
    this.sets.dead = young.slice(Math.max(0, young.length - this.#dead.deadMaxJobs))
  }

  /** Whether a worker that asks this queue now would get a job. */
  isClaimable(queue: string): boolean {
    return !this.paused.has(queue) && this.entries({ queue }).length > 0
  }

  /** The entries of a place themselves, to be changed in place; a fresh empty list for an unknown queue. */
  entries(place: Place): Entry[] {
    return 'set' in place ? this.sets[place.set] : (this.queues.get(place.queue) ?? [])
  }

  #queue(name: string): Entry[] {
    const entries = this.queues.get(name) ?? []
    this.queues.set(name, entries)
    return entries
  }

  #insert(set: SetName, entry: Entry): void {
    const entries = this.sets[set]
    const later = entries.findIndex((other) => other.at! > entry.at!)
    entries.splice(later < 0 ? entries.length : later, 0, entry)
  }

  #entry(payload: string): Entry {
    return { ref: this.freshName() as EntryRef, payload, at: null, reason: null }
  }
}

import type { Clock, EpochMs, MonoMs } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { afterSleep } from './after-sleep.ts'

export interface SimClockOptions {
  /** The wall-clock time at the beginning. Default: a Tuesday in 2025, 10:30 UTC. */
  readonly startAt?: EpochMs
  /** Turns of the event loop between two wake-ups. Default `SETTLE_TURNS`. */
  readonly settleTurns?: number
}

export interface RunBounds {
  /** Simulated time. Default: one day. */
  readonly forMs?: number
  /** Sleepers woken; these, not the simulated time, are what a run costs. Default 1,000,000. */
  readonly wakeUps?: number
}

const DEFAULT_START: EpochMs = Date.UTC(2025, 9, 14, 10, 30)

/**
 * One turn of the event loop runs every promise callback that is ready, and those that they make ready, however
 * long the chain. Code that lets others go first with `setImmediate` needs one turn more for each time; the
 * budget leaves room for two in a row.
 */
const SETTLE_TURNS = 3

/** Nobody sleeps, but an answer from outside (a socket, a file) may be on its way: so many turns are waited for it. */
const STUCK_TURNS = 100_000

const DEFAULT_BOUNDS: Required<RunBounds> = { forMs: 86_400_000, wakeUps: 1_000_000 }

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

/**
 * A clock whose time passes only by `advance` and `run`, so that hours of sleeping cost nothing and every run of
 * a test sees the same order of events.
 */
export class SimClock implements Clock {
  readonly #startAt: EpochMs
  readonly #settleTurns: number
  #elapsedMs = 0
  /** The next to wake first; of those due together, the one that fell asleep first. */
  #sleepers: Sleeper[] = []

  constructor(options: SimClockOptions = {}) {
    this.#startAt = options.startAt ?? DEFAULT_START
    this.#settleTurns = options.settleTurns ?? SETTLE_TURNS
  }

  now(): EpochMs {
    return this.#startAt + this.#elapsedMs
  }

  mono(): MonoMs {
    return this.#elapsedMs as MonoMs
  }

  /** Resolves when simulated time has passed `ms`, or at once when `signal` aborts. `0` waits for the next advance. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake)
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      }
      const sleeper = { dueMs: this.#elapsedMs + Math.max(0, ms), wake }
      signal?.addEventListener('abort', wake, { once: true })
      this.#add(sleeper)
    })
  }

  readonly after = afterSleep((ms, signal) => this.sleep(ms, signal))

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  /** The clock of another machine: time passes with this one's, the wall clock shows `offsetMs` more. */
  skewed(offsetMs: number): Clock {
    return {
      now: () => this.now() + offsetMs,
      mono: () => this.mono(),
      sleep: (ms, signal) => this.sleep(ms, signal),
      after: this.after,
    }
  }

  /**
   * Lets `time` pass: wakes everyone due until then, in order, also those who fall asleep on the way. What a wake-up
   * sets going settles before the next one.
   *
   * @throws UsageError `options.duration`; then no time has passed
   */
  async advance(time: Duration): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs(time, 'clock.advance')
    await this.#settle()
    while ((this.#sleepers[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= untilMs) await this.#wakeNext()
    this.#elapsedMs = untilMs
  }

  /**
   * Advances from sleeper to sleeper until `until` settles, and passes on its outcome.
   *
   * @throws UsageError `sim_clock.stuck` when nobody sleeps and it does not settle, `sim_clock.bound` when a
   *   bound is reached first
   */
  async run<Value>(until: Promise<Value>, bounds: RunBounds = {}): Promise<Value> {
    const { forMs, wakeUps } = { ...DEFAULT_BOUNDS, ...bounds }
    const endMs = this.#elapsedMs + forMs
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    until.then(settled, settled)
    await this.#settle()
    for (let woken = 0; !isSettled; woken++) {
      const next = this.#sleepers[0]
      if (next === undefined) {
        await this.#waitForOutside(() => isSettled || this.#sleepers.length > 0)
        continue
      }
      if (next.dueMs > endMs || woken >= wakeUps) throw boundReached({ forMs, woken })
      await this.#wakeNext()
    }
    return until
  }

  #add(sleeper: Sleeper): void {
    const later = this.#sleepers.findIndex((other) => other.dueMs > sleeper.dueMs)
    this.#sleepers.splice(later < 0 ? this.#sleepers.length : later, 0, sleeper)
  }

  async #wakeNext(): Promise<void> {
    const next = this.#sleepers[0]!
    this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs)
    next.wake()
    await this.#settle()
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < this.#settleTurns; turn++) await nextTurn()
  }

  async #waitForOutside(isOver: () => boolean): Promise<void> {
    for (let turn = 0; turn < STUCK_TURNS; turn++) {
      if (isOver()) return
      await nextTurn()
    }
    throw new UsageError('sim_clock.stuck', 'nobody sleeps, and the awaited promise does not settle')
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function boundReached({ forMs, woken }: { forMs: number; woken: number }): UsageError {
  return new UsageError(
    'sim_clock.bound',
    `the awaited promise did not settle within ${forMs} simulated ms; ${woken} sleepers were woken`,
  )
}

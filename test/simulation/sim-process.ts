import { getEventListeners } from 'node:events'
import type { Clock, MonoMs } from '../../src/kernel/clock.ts'
import { afterSleep } from '../../src/testing/after-sleep.ts'

/** More listeners on one signal than a process ever needs at once: somebody leaves them behind. */
const MOST_LISTENERS = 10

/** Float sums of sleeps may miss their moment by a rounding error; far below the resolution of any timer. */
const ROUNDING_MS = 0.001

const NEVER = new Promise<never>(() => undefined)

export interface SimProcessOptions {
  readonly name: string
  /** Of the machine it runs on. */
  readonly clock: Clock
  /** Called when a signal gathers listeners. */
  readonly leaks: (listeners: number) => void
}

/**
 * A process of the simulation: all that its code waits for goes through `turn`, so that it can be stopped in the
 * middle, for a time or for ever.
 */
export class SimProcess {
  readonly name: string
  readonly clock: Clock
  readonly #options: SimProcessOptions
  readonly #ended = Promise.withResolvers<void>()
  #dead = false
  #paused: PromiseWithResolvers<void> | null = null
  /** How long its clocks stood still in all, and since when they do. */
  #lostMs = 0
  #frozenAt: number | null = null

  constructor(options: SimProcessOptions) {
    this.name = options.name
    this.#options = options
    const sleep: Clock['sleep'] = (ms, signal) => this.#sleep(ms, signal)
    this.clock = {
      now: () => options.clock.now() - this.#behindMs(),
      mono: () => (options.clock.mono() - this.#behindMs()) as MonoMs,
      sleep,
      after: afterSleep(sleep),
    }
  }

  get isDead(): boolean {
    return this.#dead
  }

  /** Resolves when it is dead. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get isPaused(): boolean {
    return this.#paused !== null
  }

  /** Its code runs no further, ever: no promise that it waits for settles. */
  kill(): void {
    this.#dead = true
    this.#ended.resolve()
  }

  /**
   * Its code stands still until `resume`. Its clocks go on (a stopped process) or stand still as well
   * (`withClocks`: a machine that is suspended; its wall clock is late from then on).
   */
  pause(withClocks: boolean): void {
    this.#paused ??= Promise.withResolvers()
    if (withClocks) this.#frozenAt ??= this.#options.clock.mono()
  }

  resume(): void {
    this.#lostMs = this.#behindMs()
    this.#frozenAt = null
    this.#paused?.resolve()
    this.#paused = null
  }

  /** Resolves when the process may go on. */
  async turn(): Promise<void> {
    while (this.#paused !== null && !this.#dead) await this.#paused.promise
    if (this.#dead) await NEVER
  }

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal !== undefined) this.#countListeners(signal)
    const dueMs = this.clock.mono() + ms
    do {
      await this.#options.clock.sleep(dueMs - this.clock.mono(), signal)
      await this.turn()
    } while (signal?.aborted !== true && this.clock.mono() < dueMs - ROUNDING_MS)
  }

  #countListeners(signal: AbortSignal): void {
    const { length } = getEventListeners(signal, 'abort')
    if (length > MOST_LISTENERS) this.#options.leaks(length)
  }

  #behindMs(): number {
    const frozenMs = this.#frozenAt === null ? 0 : this.#options.clock.mono() - this.#frozenAt
    return this.#lostMs + frozenMs
  }
}

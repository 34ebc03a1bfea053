import type { Runtime } from '../kernel/runtime.ts'

export interface RoundsParams {
  /** The time before the next round, asked for anew each time. */
  readonly pauseMs: () => number
  /** One round; `stopped` says that it should come to an end. */
  readonly round: (stopped: AbortSignal) => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Does something again and again, a pause before each time, until it is stopped. A failed round is followed by the next. */
export class Rounds {
  readonly #runtime: Runtime
  readonly #params: RoundsParams
  readonly #stopped = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(runtime: Runtime, params: RoundsParams) {
    this.#runtime = runtime
    this.#params = params
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    for (;;) {
      await this.#runtime.clock.sleep(this.#params.pauseMs(), signal)
      if (signal.aborted) return
      try {
        await this.#params.round(signal)
      } catch (error) {
        this.#params.failed(error)
      }
    }
  }
}

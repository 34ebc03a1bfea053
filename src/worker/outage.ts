import type { MonoMs } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Runtime } from '../kernel/runtime.ts'

/** The same trouble is reported once in this time, with a count: a log must not fill a disk during an outage. */
const REPORT_EVERY_MS = 1_000

const FIRST_PAUSE_MS = 25
/** Under half a second, so that work goes on within a second of the store's return however long it was gone. */
const LONGEST_PAUSE_MS = 400

/** Reports the store's failures sparingly, and says when it answers again. Shared by all that use one store. */
export class Outage {
  readonly #runtime: Runtime
  #since: MonoMs | null = null
  #reportedAt: MonoMs | null = null
  #unreported = 0
  #isReported = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  failed(doing: string, error: unknown): void {
    const now = this.#runtime.clock.mono()
    this.#since ??= now
    this.#unreported += 1
    if (this.#reportedAt !== null && now - this.#reportedAt < REPORT_EVERY_MS) return
    const fields = { doing, error: messageOf(error), times: this.#unreported }
    this.#runtime.logger.error('the store failed; waiting for it, no job is lost', fields)
    this.#reportedAt = now
    this.#unreported = 0
    this.#isReported = true
  }

  answered(): void {
    if (this.#since === null) return
    const seconds = (this.#runtime.clock.mono() - this.#since) / 1000
    this.#since = null
    // When it fails and answers in turns, neither is worth more than a line a second.
    if (!this.#isReported) return
    this.#isReported = false
    this.#runtime.logger.info('the store answers again', { seconds: Number(seconds.toFixed(3)) })
  }
}

/** The pause before try number `failures + 1`. */
export function outagePauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
}

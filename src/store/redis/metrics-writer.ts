import type { EpochMs } from '../../kernel/clock.ts'
import { ignore } from '../../kernel/ignore.ts'
import type { Logger } from '../../kernel/logger.ts'
import type { Beat } from '../worker-record.ts'
import type { Ground } from './ground.ts'
import { writeMetrics } from './metrics.ts'
import type { MetricsForm } from './metrics-keys.ts'
import type { MetricsOption } from './options.ts'
import { newestSidekiq } from './sidekiq-release.ts'

/** How long it is believed which versions of Sidekiq are there. */
const LOOK_MS = 60_000

/** Writes metrics beside answered beats, in the form of the newest Sidekiq that is registered; for none it writes none. */
export class MetricsWriter {
  readonly #ground: Ground
  readonly #logger: Logger
  readonly #isAuto: boolean
  #form: MetricsForm | null
  #lookedAt: EpochMs = Number.NEGATIVE_INFINITY

  constructor(ground: Ground, logger: Logger, option: MetricsOption) {
    this.#ground = ground
    this.#logger = logger
    this.#isAuto = option === 'auto'
    this.#form = option === '7' ? 7 : option === '8' ? 8 : null
  }

  /**
   * Sends the executions of a beat that was answered. Nobody waits for it, and what fails is lost: metrics must not
   * cost a beat.
   *
   * @returns whether executions are to be counted by class until the next beat
   */
  answered({ now, executions = [] }: Beat): boolean {
    if (this.#form !== null)
      ignore(writeMetrics(this.#ground, this.#form, { now, executions }), 'metrics are lost', this.#logger)
    if (this.#isAuto && now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now
      ignore(this.#look(), 'the next look tells', this.#logger)
    }
    return this.#form !== null
  }

  async #look(): Promise<void> {
    const major = await newestSidekiq(this.#ground)
    this.#form = major === null || major < 7 ? null : major === 7 ? 7 : 8
  }
}

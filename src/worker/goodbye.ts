import type { Runtime } from '../kernel/runtime.ts'
import { within } from '../kernel/within.ts'
import type { Store } from '../store/store.ts'
import type { Capsule } from './capsule.ts'
import type { Heartbeat } from './heartbeat.ts'
import { labels, type RunningJob } from './running-job.ts'
import type { Tally } from './tally.ts'

/** How long a stopping worker waits for the store to take its last results. */
const GOODBYE_MS = 3_000

export interface GoodbyeParams {
  readonly identity: string
  readonly capsules: readonly Capsule[]
  readonly heartbeat: Heartbeat
  readonly tally: Tally
  /** Whether the process ends with the worker where jobs still run in it. */
  readonly endsProcess: boolean
}

/** How a worker that claims no more takes its leave of the store: the last results, the last counts, and what was not finished. */
export class Goodbye {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: GoodbyeParams
  #overrun = 0
  #hasFailed = false
  #isClosed = false

  constructor(runtime: Runtime, store: Store, params: GoodbyeParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
  }

  /** The store did not take all of it: what was left is recovered like the jobs of a worker that was killed. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Gives up running jobs: their results go nowhere, and the store gets them back with the rest. */
  abandon(which: (job: RunningJob) => boolean = () => true): void {
    const { capsules } = this.#params
    for (const job of capsules.flatMap(({ slots }) => slots.running()).filter(which))
      this.#runtime.logger.warn('a job outlasted the drain', labels(job))
    for (const { slots } of capsules) this.#overrun += slots.abandon(which)
  }

  /** Returns the process's last step where jobs still run in it, which hands them back; null when all is done. */
  async say(): Promise<(() => void) | null> {
    await this.#settled()
    const answers = await this.#tells(() => this.#lastBeat())
    // Jobs in this thread run on to the last moment: one that ends now must not begin again elsewhere.
    if (answers) await this.#tells(() => this.#bringHome())
    const lastStep = answers ? await this.#preparedStep() : null
    if (lastStep !== null) return lastStep
    const isOverrun = this.#running > 0
    this.#close()
    if (answers) await this.#tells(() => this.#store.leave(this.#params.identity, this.#now()))
    return isOverrun ? () => undefined : null
  }

  get #running(): number {
    return this.#params.capsules.reduce((sum, { slots }) => sum + slots.running().length, 0)
  }

  async #preparedStep(): Promise<(() => void) | null> {
    let step: (() => void) | null = null
    if (this.#params.endsProcess)
      await this.#tells(async () => {
        step = await this.#stepForWhatRuns()
      })
    return step
  }

  /** A job that ends while the step is prepared is brought home, and the step prepared anew without it. */
  async #stepForWhatRuns(): Promise<(() => void) | null> {
    for (;;) {
      const running = this.#running
      if (running === 0) return null
      const step = await this.#store.prepareToLeave(this.#params.identity, this.#now())
      if (this.#running === running) {
        this.#close()
        return step
      }
      await this.#bringHome()
    }
  }

  /** What ended after the last beat. */
  async #bringHome(): Promise<void> {
    await this.#settled()
    if (!this.#params.tally.isEmpty) await this.#lastBeat()
  }

  async #lastBeat(): Promise<void> {
    await this.#params.heartbeat.stop()
    // Too late: a beat after the goodbye would register the worker again.
    if (!this.#isClosed) await this.#params.heartbeat.beat()
  }

  async #tells(tell: () => Promise<unknown>): Promise<boolean> {
    try {
      // A beat compares records, and goes on doing so for as long as the capsules are open.
      await within(this.#runtime.clock, { ms: GOODBYE_MS }, tell())
      return true
    } catch (error) {
      const words = 'could not say goodbye to the store; the next worker recovers what was left'
      this.#runtime.logger.error(words, { error })
      this.#hasFailed = true
      return false
    }
  }

  async #settled(): Promise<void> {
    const over = new AbortController()
    const settled = Promise.all(this.#params.capsules.map((capsule) => capsule.settled(over.signal)))
    await within(this.#runtime.clock, { ms: GOODBYE_MS }, settled)
    over.abort()
  }

  /** From here on no result is taken. */
  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const capsule of this.#params.capsules) capsule.close()
    this.abandon()
    if (this.#overrun === 0) return
    const fate = this.#hasFailed ? 'the next worker recovers what still runs' : 'jobs are handed back'
    this.#runtime.logger.warn(`the drain time is over; ${fate}`, { jobs: this.#overrun })
  }

  #now(): number {
    return this.#runtime.clock.now()
  }
}

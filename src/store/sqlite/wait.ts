import { messageOf } from '../../kernel/errors.ts'
import { ignore } from '../../kernel/ignore.ts'
import type { Runtime } from '../../kernel/runtime.ts'

/** The port allows about a minute; a wait that ends for nothing costs one empty exchange. */
const LONGEST_WAIT_MS = 60_000

/** Where nothing is heard (no inotify, a ring lost with its process), jobs are found by looking this often. */
const LOOK_MS = 1_000

/** After a look that found nothing, rings are not answered for so long: a storm on other queues costs one look per rest. */
const REST_MS = 2

/** What a wait can go by. */
export interface Signs {
  /** Whether one of the queues holds a job that may be claimed. May throw. */
  hasJobs(queues: readonly string[]): boolean
  /** Calls `heard` when any process may have added a job, until the returned function is called. */
  listen(heard: () => void): () => void
}

interface Waiter {
  readonly queues: readonly string[]
  readonly over: AbortController
}

/** Those in this process who wait for jobs. Listens only while there are any. */
export class Waits {
  readonly #runtime: Runtime
  readonly #signs: Signs
  readonly #waiters = new Set<Waiter>()
  #stopListening: (() => void) | null = null
  #resting = false
  #rungAtRest = false

  constructor(runtime: Runtime, signs: Signs) {
    this.#runtime = runtime
    this.#signs = signs
  }

  /** Resolves when one of the queues may hold a job, when one of the signals aborts, and after `LONGEST_WAIT_MS`. */
  async wait(queues: readonly string[], ...signals: AbortSignal[]): Promise<void> {
    const waiter = { queues, over: new AbortController() }
    const end = () => waiter.over.abort()
    for (const signal of signals) signal.addEventListener('abort', end)
    try {
      if (!signals.some((signal) => signal.aborted)) await this.#look(waiter)
    } finally {
      this.#remove(waiter)
      for (const signal of signals) signal.removeEventListener('abort', end)
    }
  }

  /** Ends the waits for these queues. */
  wake(queues: ReadonlySet<string>): void {
    for (const waiter of this.#waiters) {
      if (waiter.queues.some((queue) => queues.has(queue))) waiter.over.abort()
    }
  }

  async #look(waiter: Waiter): Promise<void> {
    // Listening comes before the first look, so that no job can slip in between.
    this.#waiters.add(waiter)
    this.#stopListening ??= this.#signs.listen(() => this.#onRing())
    const { clock } = this.#runtime
    const start = clock.mono()
    while (!waiter.over.signal.aborted && clock.mono() - start < LONGEST_WAIT_MS) {
      if (this.#hasJobs(waiter.queues)) return
      await clock.sleep(LOOK_MS, waiter.over.signal)
    }
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    if (this.#waiters.size > 0) return
    this.#stopListening?.()
    this.#stopListening = null
  }

  #onRing(): void {
    if (this.#resting) {
      this.#rungAtRest = true
      return
    }
    for (const waiter of this.#waiters) if (this.#hasJobs(waiter.queues)) waiter.over.abort()
    ignore(this.#rest(), 'a rest only sleeps', this.#runtime.logger)
  }

  async #rest(): Promise<void> {
    this.#resting = true
    await this.#runtime.clock.sleep(REST_MS)
    this.#resting = false
    if (!this.#rungAtRest) return
    this.#rungAtRest = false
    this.#onRing()
  }

  #hasJobs(queues: readonly string[]): boolean {
    try {
      return this.#signs.hasJobs(queues)
    } catch (error) {
      // A wait outlasts a store in trouble; the exchange after it tells its caller what is wrong.
      this.#runtime.logger.debug('could not look for jobs', { error: messageOf(error) })
      return false
    }
  }
}

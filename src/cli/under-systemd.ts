import type { MonoMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Notify } from '../systemd/notify.ts'
import { EXTEND_TIMEOUT, statusText } from '../systemd/service-status.ts'
import type { WorkerState } from '../worker/worker-events.ts'

/** A status is for people: no more often, and only when it changed. */
const STATUS_MS = 1_000

/** As often as workers beat; asking costs the store a look at each queue. */
const COUNT_MS = 5_000

/** After the drain: what its goodbye and the end of its cells take at most. Then systemd may kill it. */
const GOODBYE_MS = 10_000

export interface ServiceParams {
  readonly notify: Notify
  /** How often to ping systemd's watchdog; null: never. */
  readonly pingMs: number | null
  /** CLOCK_MONOTONIC, which systemd reads as well. */
  readonly monotonicUs: () => bigint
  readonly drainMs: number
  readonly concurrency: number
  readonly busy: () => number
  readonly countWaiting: () => Promise<number>
  /** What hangs although the event loop turns, in words; null: nothing. Asked while the worker claims. */
  readonly hang: () => string | null
}

/**
 * Tells systemd the life of a worker: when it is ready, what it does, that it reloads (becomes quiet) or stops, that a
 * drain needs longer, and that it is alive. A hang ends the pings, and so the process by systemd's hand.
 */
export class UnderSystemd {
  readonly #runtime: Runtime
  readonly #params: ServiceParams
  readonly #turnMs: number
  readonly #ended = new AbortController()
  #state: WorkerState = 'starting'
  #begun = false
  #said = ''
  #waiting: number | null | undefined
  #countedAt: MonoMs | null = null
  #pingedAt: MonoMs
  #drainEndsAt = 0
  #hanging: string | null = null

  constructor(runtime: Runtime, params: ServiceParams) {
    this.#runtime = runtime
    this.#params = params
    this.#pingedAt = runtime.clock.mono()
    this.#turnMs = Math.min(STATUS_MS, params.pingMs ?? STATUS_MS)
  }

  /** To be told of every state of the worker, when it is entered. */
  readonly enter = (state: WorkerState): void => {
    this.#state = state
    if (state === 'running') this.#tell('READY=1')
    else if (state === 'quiet') queueMicrotask(() => this.#reloaded())
    else if (state === 'draining') {
      this.#drainEndsAt = this.#now() + this.#params.drainMs
      this.#tell('STOPPING=1', EXTEND_TIMEOUT)
    } else {
      this.#tell()
      this.#ended.abort()
    }
    if (!this.#begun) void this.#run()
    this.#begun = true
  }

  /** A worker that stops is quiet in passing, which is no reload. */
  #reloaded(): void {
    if (this.#state !== 'quiet') return
    this.#params.notify('RELOADING=1', `MONOTONIC_USEC=${this.#params.monotonicUs()}`)
    this.#tell('READY=1')
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      this.#count()
      await this.#runtime.clock.sleep(this.#turnMs, signal)
      if (!signal.aborted) this.#turn()
    }
  }

  #turn(): void {
    const isExtended = this.#state === 'draining' && this.#now() < this.#drainEndsAt + GOODBYE_MS
    this.#tell(...(isExtended ? [EXTEND_TIMEOUT] : []), ...(this.#mayPing() ? ['WATCHDOG=1'] : []))
  }

  #mayPing(): boolean {
    const { pingMs, hang } = this.#params
    if (pingMs === null) return false
    const hanging = this.#state === 'running' ? hang() : null
    if (hanging !== null && this.#hanging === null)
      this.#runtime.logger.error('the worker hangs; its watchdog is pinged no more', { hanging })
    this.#hanging = hanging
    // Timers are late by a little: half a turn early is better than a turn late.
    if (hanging !== null || this.#now() - this.#pingedAt < pingMs - this.#turnMs / 2) return false
    this.#pingedAt = this.#now()
    return true
  }

  /** These, and the status if it is a new one. */
  #tell(...assignments: string[]): void {
    const { busy, concurrency, notify } = this.#params
    const status = statusText({
      ...{ state: this.#state, busy: busy(), concurrency, waiting: this.#waiting },
      leftMs: this.#drainEndsAt - this.#now(),
    })
    if (status !== this.#said) assignments.push(`STATUS=${status}`)
    this.#said = status
    if (assignments.length > 0) notify(...assignments)
  }

  #count(): void {
    if (this.#state !== 'running') return
    if (this.#countedAt !== null && this.#now() - this.#countedAt < COUNT_MS) return
    this.#countedAt = this.#now()
    this.#params.countWaiting().then(
      (waiting) => {
        this.#waiting = waiting
      },
      () => {
        this.#waiting = null
      },
    )
  }

  #now(): MonoMs {
    return this.#runtime.clock.mono()
  }
}

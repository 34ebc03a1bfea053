import { InternalError } from '../kernel/errors.ts'
import type { Runtime } from '../kernel/runtime.ts'
import { within } from '../kernel/within.ts'
import type { Store } from '../store/store.ts'
import { Capsule } from './capsule.ts'
import { Deaths } from './deaths.ts'
import { Executor } from './executor.ts'
import { Goodbye } from './goodbye.ts'
import { Heartbeat } from './heartbeat.ts'
import { Outage } from './outage.ts'
import { POLL_MS, Poller } from './poller.ts'
import { Reaper } from './reaper.ts'
import { JobAborted, type RunningJob } from './running-job.ts'
import { Tally } from './tally.ts'
import { UnknownJobLog } from './unknown-job-log.ts'
import type { WorkerState } from './worker-events.ts'
import { type OwnInfo, workerInfo } from './worker-info.ts'
import type { WorkerOptions } from './worker-options.ts'

/** How long running jobs may go on after a stop was asked for. systemd waits 90 s, most supervisors 30. */
export const DRAIN_MS = 25_000

/**
 * A process's share of the work.
 *
 *     starting ──▶ running ──quiet──▶ quiet ──stop──▶ draining ──▶ stopped
 *                     └──────────────stop──────────────▲
 *
 * Quiet: claims nothing more, runs on. Draining: running jobs are told through their signals, get the drain
 * time to end, and are then handed back untouched to the front of their queues.
 */
export class Worker {
  readonly info: OwnInfo
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #options: WorkerOptions
  readonly #capsules: readonly Capsule[]
  readonly #heartbeat: Heartbeat
  readonly #poller: Poller
  readonly #tally = new Tally()
  readonly #reaper: Reaper
  readonly #unknown: UnknownJobLog
  readonly #deaths: Deaths
  readonly #goodbye: Goodbye
  readonly #hurried = new AbortController()
  #state: WorkerState = 'starting'
  #stopping: Promise<void> | null = null
  readonly #ended = Promise.withResolvers<void>()

  /** @throws UsageError `options.invalid` when two capsules share a queue */
  constructor(runtime: Runtime, store: Store, options: WorkerOptions) {
    const { host, registry } = options
    this.#runtime = runtime
    this.#store = store
    this.#options = options
    this.info = workerInfo(runtime, options)
    this.#unknown = new UnknownJobLog(runtime, store)
    this.#deaths = new Deaths(runtime, options)
    const events = this.#deaths.watching(this.#unknown.watching(options.events ?? {}))
    const shared = {
      identity: this.info.identity,
      host,
      events,
      outage: new Outage(runtime),
      tally: this.#tally,
    }
    const executor = new Executor(runtime, {
      unknownJobs: 'return',
      othersMayKnow: (name, queue) => this.#unknown.othersMayKnow(name, queue),
      ...options,
    })
    this.#capsules = options.capsules.map(
      (info) =>
        new Capsule(runtime, store, {
          ...shared,
          info,
          registry,
          executor,
          unregistered: () => this.#heartbeat.hurry(),
        }),
    )
    const isQuiet = () => this.#state !== 'running' && this.#state !== 'starting'
    this.#heartbeat = new Heartbeat(runtime, store, {
      ...shared,
      introduce: () => this.#unknown.addedTo(this.info),
      capsules: this.#capsules,
      isQuiet,
    })
    this.#poller = new Poller(runtime, store, { ...shared, intervalMs: options.pollMs ?? POLL_MS })
    this.#reaper = new Reaper(runtime, store, shared)
    this.#goodbye = new Goodbye(runtime, store, {
      identity: this.info.identity,
      capsules: this.#capsules,
      heartbeat: this.#heartbeat,
      tally: this.#tally,
      endsProcess: options.endProcess !== undefined,
    })
  }

  get state(): WorkerState {
    return this.#state
  }

  /** Resolves when the worker has stopped, whoever stopped it. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Whether the store heard all that it was told at the end; else the next worker recovers what was left. */
  get hasLeft(): boolean {
    return this.#state === 'stopped' && !this.#goodbye.hasFailed
  }

  /** What runs at this moment. */
  running(): RunningJob[] {
    return this.#capsules.flatMap(({ slots }) => [...slots.running()])
  }

  /**
   * Recovers what dead neighbours left, registers, and begins to claim.
   * @throws StoreError when the store does not answer; then nothing was begun
   */
  async start(): Promise<void> {
    if (this.#state !== 'starting')
      throw new InternalError('internal.worker_state', `cannot start a ${this.#state} worker`)
    // First what may fail without a trace: a beating that went on after a failed start would look like a live worker.
    await this.#reaper.reap()
    await this.#heartbeat.start()
    if (this.#stopping !== null) return this.#unregister(this.#stopping)
    this.#reaper.start()
    this.#poller.start()
    this.#enter('running')
    for (const capsule of this.#capsules) capsule.pump()
  }

  /** The first beat was answered after the worker had been told to stop. */
  async #unregister(stopping: Promise<void>): Promise<void> {
    await stopping
    await this.#store.leave(this.info.identity, this.#runtime.clock.now())
  }

  /** Claims no more jobs; what runs goes on. For good. */
  quiet(): void {
    if (this.#state !== 'running') return
    this.#enter('quiet')
    for (const capsule of this.#capsules) capsule.quiet()
    this.#heartbeat.hurry()
  }

  /** Drains and leaves. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Ends the draining at once: what still runs is handed back. */
  hurry(): void {
    this.#hurried.abort()
  }

  async #stop(): Promise<void> {
    this.quiet()
    this.#enter('draining')
    const drainMs = this.#options.drainMs ?? DRAIN_MS
    const reason = new JobAborted(
      'job.worker_stopping',
      `the worker stops; ${drainMs / 1000} s are left to end or to save your place`,
    )
    for (const { slots } of this.#capsules) slots.abort(reason)
    await Promise.all([this.#drained(drainMs), this.#poller.stop(), this.#reaper.stop()])
    // Their cells end before the jobs are anybody else's: one that still ran one would run it beside its next worker.
    this.#goodbye.abandon((job) => job.isIsolated)
    await this.#options.isolation?.close()
    const lastStep = await this.#goodbye.say()
    this.#enter('stopped')
    if (lastStep !== null) this.#options.endProcess?.(lastStep)
    this.#ended.resolve()
  }

  /** Resolves when nothing runs and all deaths are told, when the time is over, or when a second stop hurries it. */
  async #drained(drainMs: number): Promise<void> {
    const empty = Promise.all(this.#capsules.map(({ slots }) => slots.whenEmpty()))
    const limit = { ms: drainMs, signal: this.#hurried.signal }
    await within(this.#runtime.clock, limit, empty.then(this.#deaths.told))
  }

  #enter(state: WorkerState): void {
    this.#state = state
    this.#runtime.logger.info(`worker ${state}`, { identity: this.info.identity })
    this.#options.events?.state?.(state)
  }
}

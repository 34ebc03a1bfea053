import type { EpochMs, MonoMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Beat, BeatReply, WorkerInfo } from '../store/worker-record.ts'
import type { Capsule } from './capsule.ts'
import type { Host } from './host.ts'
import { type Outage, outagePauseMs } from './outage.ts'
import type { Counts, Tally } from './tally.ts'
import type { WorkerEvents } from './worker-events.ts'

/** As often as Sidekiq 6 beats: an operator's "quiet" is acted upon within this time. */
export const BEAT_MS = 5_000

export interface HeartbeatParams {
  /** What the worker says about itself with this beat. */
  readonly introduce: () => WorkerInfo
  readonly host: Host
  readonly capsules: readonly Capsule[]
  readonly tally: Tally
  readonly outage: Outage
  readonly events: WorkerEvents
  readonly isQuiet: () => boolean
}

/** Renews the worker's lease, brings the counters to the store, and finds what got lost between the two. */
export class Heartbeat {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: HeartbeatParams
  readonly #stopped = new AbortController()
  #wake = new AbortController()
  /** Counts whose beat was not answered: sent again under the same time, so that the store adds them once. */
  #unanswered: { now: EpochMs; counts: Counts } | null = null
  #lastTime: EpochMs | null = null
  #answeredAt: MonoMs | null = null
  #strangers = new Set<string>()
  #roundTripUs = 0
  #loop: Promise<void> = Promise.resolve()

  constructor(runtime: Runtime, store: Store, params: HeartbeatParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
  }

  /**
   * Registers the worker with a first beat, then goes on beating.
   * @throws StoreError when the store does not take the first one
   */
  async start(): Promise<void> {
    await this.beat()
    this.#loop = this.#run()
  }

  /** Beats at once rather than at its next turn. */
  hurry(): void {
    this.#wake.abort()
  }

  /** Ends the beating; the last counts are brought home by `beat`. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#wake.abort()
    await this.#loop
  }

  async beat(): Promise<void> {
    const repeated = this.#unanswered !== null
    this.#unanswered ??= { now: this.#nextTime(), counts: this.#params.tally.take() }
    const { now, counts } = this.#unanswered
    const before = new Set(this.#running().map(({ token }) => token))
    const sentAt = this.#runtime.clock.mono()
    const reply = await this.#store.heartbeat(this.#beat(now, counts))
    this.#roundTripUs = Math.round((this.#runtime.clock.mono() - sentAt) * 1000)
    this.#unanswered = null
    this.#params.tally.countClasses(reply.countsClasses === true)
    this.#params.outage.answered()
    this.#noticeOblivion(reply.isNew)
    await this.#compare(reply, before)
    if (reply.signal !== null) this.#params.events.signalled?.(reply.signal)
    // The repeated beat carried an old time; the lease counts from this one.
    if (repeated && !this.#stopped.signal.aborted) await this.beat()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopped.signal.aborted) {
      await this.#runtime.clock.sleep(failures === 0 ? BEAT_MS : outagePauseMs(failures), this.#wake.signal)
      if (this.#stopped.signal.aborted) return
      this.#wake = new AbortController()
      try {
        await this.beat()
        failures = 0
      } catch (error) {
        failures += 1
        this.#params.outage.failed('beating', error)
      }
    }
  }

  /** A store to which a worker is new that has beaten before took it for dead, or has lost its data: an operator is to know. */
  #noticeOblivion(isNew: boolean): void {
    const now = this.#runtime.clock.mono()
    const last = this.#answeredAt
    this.#answeredAt = now
    if (!isNew || last === null) return
    const silentSeconds = Math.round((now - last) / 1000)
    this.#runtime.logger.warn(
      'the store did not know this worker any more: it was taken for dead, or the store has lost its data; registered again',
      { silentSeconds },
    )
  }

  /** Never that of the beat before: the store would take a second beat within one millisecond for its repeat. */
  #nextTime(): EpochMs {
    const now = this.#runtime.clock.now()
    this.#lastTime = now === this.#lastTime ? now + 1 : now
    return this.#lastTime
  }

  #beat(now: EpochMs, counts: Counts): Beat {
    const { introduce, host, isQuiet } = this.#params
    const running = this.#running()
    return {
      worker: introduce(),
      now,
      quiet: isQuiet(),
      running,
      ...counts,
      rssKib: host.rssKib(),
      roundTripUs: this.#roundTripUs,
    }
  }

  #running(): Beat['running'][number][] {
    return this.#params.capsules.flatMap(({ slots }) =>
      [...slots.running()].map(({ claim, startedAt }) => ({ ...claim, startedAt })),
    )
  }

  /** Gives up jobs that are gone from the record; asks again about entries of it that nobody here knows. */
  async #compare(reply: BeatReply, before: ReadonlySet<string>): Promise<void> {
    const held = new Set(reply.inFlight)
    const lost = [...before].filter((token) => !held.has(token))
    for (const { slots } of this.#params.capsules) slots.lose(lost)
    const strangers = reply.inFlight.filter(
      (token) => !this.#params.capsules.some((capsule) => capsule.knows(token)),
    )
    // One that is new may be on its way in an exchange; one that was there a beat ago is not.
    const stayed = strangers.some((token) => this.#strangers.has(token))
    this.#strangers = new Set(strangers)
    if (stayed) await Promise.all(this.#params.capsules.map((capsule) => capsule.compare()))
  }
}

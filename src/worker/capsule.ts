import type { Runtime } from '../kernel/runtime.ts'
import type { Claim, ExchangeReply, Settlement } from '../store/exchange.ts'
import type { Store } from '../store/store.ts'
import type { CapsuleInfo } from '../store/worker-record.ts'
import { Arrivals, portionOf } from './arrivals.ts'
import { IdleWaits } from './idle-waits.ts'
import { type Outage, outagePauseMs } from './outage.ts'
import { queueOrder } from './queue-order.ts'
import { Slots, type SlotsParams } from './slots.ts'

/**
 * Exchanges under way at a time. With two, the store works on one batch while this process runs the other;
 * more would only make the batches smaller.
 */
const MAX_EXCHANGES = 2

export interface CapsuleParams extends Omit<SlotsParams, 'concurrency'> {
  readonly identity: string
  readonly info: CapsuleInfo
  readonly outage: Outage
  /** Called when the store says that this worker is not registered any more. */
  readonly unregistered: () => void
}

/**
 * Keeps the slots of a set of queues busy: claims as many jobs as there are free slots, and brings what
 * finished back in the same round trip.
 *
 *     open ⇄ held (nothing goes out, while its record is compared with the store's)
 *      └─▶ quiet (settles, claims no more; for good)
 */
export class Capsule {
  readonly slots: Slots
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: CapsuleParams
  readonly #waits: IdleWaits
  readonly #arrivals: Arrivals
  #settlements: Settlement[] = []
  #exchanges = 0
  /** Exchanges that failed since one was answered. */
  #failures = 0
  #asked = 0
  #pumpQueued = false
  #quiet = false
  #closed = false
  #comparing: Promise<void> | null = null
  #rested: Array<() => void> = []

  constructor(runtime: Runtime, store: Store, params: CapsuleParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
    this.slots = new Slots(runtime, { ...params, concurrency: params.info.concurrency }, (settlement) => {
      this.#settlements.push(settlement)
      this.pump()
    })
    this.#arrivals = new Arrivals({
      portion: portionOf(store, params.info.concurrency),
      begin: (claim) => this.#take(claim),
      begun: () => this.#woken(),
    })
    this.#waits = new IdleWaits(runtime, store, {
      identity: params.identity,
      queues: Object.keys(params.info.weights),
      take: (claim) => this.#take(claim),
      woken: () => this.#woken(),
      lost: () => this.#waitOut(),
    })
  }

  /** A job may be waiting, or a result: sends for it. Calls in one turn of the event loop count once. */
  pump(): void {
    if (this.#pumpQueued) return
    this.#pumpQueued = true
    // After the microtasks already queued: jobs that finish together are settled together.
    queueMicrotask(() => {
      this.#pumpQueued = false
      this.#send()
    })
  }

  /** Claims no more. */
  quiet(): void {
    this.#quiet = true
    this.#waits.end()
  }

  /** Gives up on the store; what is not settled yet stays in flight there. */
  close(): void {
    this.quiet()
    this.#closed = true
  }

  /** Whether this capsule knows of the claim: it runs, or its result is on its way. */
  knows(token: string): boolean {
    return (
      this.slots.has(token) ||
      this.#arrivals.has(token) ||
      this.#settlements.some((settlement) => settlement.token === token)
    )
  }

  /** Resolves when every result has reached the store, or when `signal` aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wakeRested(), { once: true })
    while (!signal.aborted && (this.#settlements.length > 0 || this.#isTalking)) {
      this.pump()
      await new Promise<void>((resolve) => this.#rested.push(resolve))
    }
  }

  /**
   * Compares what the store holds as ours with what we know, after an answer was lost: takes up jobs that were
   * claimed without our hearing of it, forgets results that arrived after all, gives up jobs that were taken away.
   *
   * @throws StoreError when the store is not there
   */
  compare(): Promise<void> {
    this.#comparing ??= this.#compare().finally(() => {
      this.#compared()
    })
    return this.#comparing
  }

  async #compare(): Promise<void> {
    this.#waits.end()
    while (this.#isTalking) await new Promise<void>((resolve) => this.#rested.push(resolve))
    const claims = await this.#store.inFlight(this.#params.identity)
    const held = new Map(claims.filter((claim) => this.#isOurs(claim)).map((claim) => [claim.token, claim]))
    this.#settlements = this.#settlements.filter(({ token }) => held.has(token))
    this.slots.lose(
      [...this.slots.running()].map((job) => job.claim.token).filter((token) => !held.has(token)),
    )
    for (const [token, claim] of held) if (!this.knows(token)) this.#take(claim)
  }

  #compared(): void {
    this.#comparing = null
    // Results may have turned out to be home already, and nobody else would tell who waits for that.
    this.#woken()
  }

  /** Whether a claim may be on its way here. */
  get #isTalking(): boolean {
    return this.#exchanges > 0 || this.#arrivals.count > 0 || !this.#waits.isOver
  }

  #isOurs(claim: Claim): boolean {
    return Object.hasOwn(this.#params.info.weights, claim.queue)
  }

  #take(claim: Claim): void {
    if (this.#quiet || this.slots.free === 0) {
      // In front of those that came before it: the store takes them one after the other, and the first is to end up in front.
      this.#settlements.unshift({ token: claim.token, to: 'queue', payload: null })
    } else this.slots.take(claim)
  }

  #vacancies(): number {
    if (this.#quiet || this.#waits.isWaiting) return 0
    return Math.max(0, this.slots.free - this.#arrivals.count - this.#asked)
  }

  #send(): void {
    if (this.#closed || this.#comparing !== null || this.#exchanges >= MAX_EXCHANGES) return
    const count = this.#vacancies()
    if (this.#settlements.length === 0 && count === 0) return
    const settle = this.#settlements
    this.#settlements = []
    this.#exchanges += 1
    this.#asked += count
    const reply = this.#exchange(settle, count)
    void reply.then(
      (answer) => this.#answered(answer, count),
      (error: unknown) => this.#failed(error, settle, count),
    )
  }

  #exchange(settle: readonly Settlement[], count: number): Promise<ExchangeReply> {
    const { clock, random } = this.#runtime
    const { identity, info } = this.#params
    const queues = queueOrder(info, random)
    return this.#store.exchange({ identity, now: clock.now(), settle, queues, count })
  }

  #answered(reply: ExchangeReply, count: number): void {
    this.#ended(count)
    this.#failures = 0
    this.#params.outage.answered()
    this.#arrivals.add(reply.claims)
    if (reply.refused.length > 0) {
      this.#runtime.logger.warn('results came too late: the jobs were not ours any more', {
        jobs: reply.refused.length,
      })
    }
    if (!reply.registered) {
      this.#params.unregistered()
      this.#waitOut()
    } else if (reply.claims.length < count && !this.#quiet) this.#waits.begin(reply.paused)
    this.pump()
  }

  #failed(error: unknown, settle: readonly Settlement[], count: number): void {
    this.#settlements = [...settle, ...this.#settlements]
    this.#params.outage.failed('claiming and settling jobs', error)
    this.#waitOut()
    this.#failures += 1
    this.#ended(count)
  }

  #ended(count: number): void {
    this.#exchanges -= 1
    this.#asked -= count
    this.#wakeRested()
  }

  #woken(): void {
    this.#wakeRested()
    this.pump()
  }

  #wakeRested(): void {
    for (const resolve of this.#rested.splice(0)) resolve()
  }

  /** Nothing goes out until the store answers and both sides agree again. */
  #waitOut(): void {
    if (this.#comparing !== null) return
    this.#comparing = this.#compareUntilAnswered().finally(() => {
      this.#compared()
    })
  }

  async #compareUntilAnswered(): Promise<void> {
    for (let failures = this.#failures; !this.#closed; failures++) {
      await this.#runtime.clock.sleep(outagePauseMs(failures))
      try {
        // Not the end of the outage: a store that lets itself be asked may still refuse to exchange.
        return await this.#compare()
      } catch (error) {
        this.#params.outage.failed('comparing its jobs with the store', error)
      }
    }
  }
}

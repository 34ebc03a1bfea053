import type { Runtime } from '../kernel/runtime.ts'
import type { Claim } from '../store/exchange.ts'
import type { Store } from '../store/store.ts'

/** While a queue is paused, how often to ask whether it still is. */
const PAUSED_CHECK_MS = 1_000

export interface IdleWaitsParams {
  readonly identity: string
  readonly queues: readonly string[]
  readonly take: (claim: Claim) => void
  /** There may be a job, or a wait is over. */
  readonly woken: () => void
  /** The store may have claimed a job of which nobody here heard. */
  readonly lost: () => void
}

/** Waits for jobs, one wait at a time; but one that has brought a job may end after the next has begun. */
export class IdleWaits {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: IdleWaitsParams
  #current: AbortController | null = null
  /** Waits by which the store may still tell of a claim. */
  #open = 0

  constructor(runtime: Runtime, store: Store, params: IdleWaitsParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
  }

  get isWaiting(): boolean {
    return this.#current !== null
  }

  get isOver(): boolean {
    return this.#open === 0
  }

  /** Waits for the queues that are not paused, for the others only for a moment. */
  begin(paused: readonly string[]): void {
    if (this.#current !== null) return
    const wait = new AbortController()
    const { signal } = wait
    this.#current = wait
    this.#open += 1
    const { identity, take, lost } = this.#params
    const taken = (claims: readonly Claim[]) => {
      for (const claim of claims) take(claim)
      this.#wake(wait)
    }
    const over = () => {
      this.#open -= 1
      this.#wake(wait)
    }
    const queues = this.#params.queues.filter((queue) => !paused.includes(queue))
    this.#store.waitForJobs({ identity, queues, signal, taken }).then(over, () => {
      lost()
      over()
    })
    if (paused.length > 0) {
      void this.#runtime.clock.sleep(PAUSED_CHECK_MS, signal).then(() => wait.abort())
    }
  }

  end(): void {
    this.#current?.abort()
  }

  #wake(wait: AbortController): void {
    if (this.#current === wait) this.#current = null
    wait.abort()
    this.#params.woken()
  }
}

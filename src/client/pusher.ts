import type { MonoMs } from '../kernel/clock.ts'
import { StoreError } from '../kernel/errors.ts'
import { ignore } from '../kernel/ignore.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import { type PushBatch, type PushJob, TOKEN_MS } from '../store/transfer.ts'

/** Jobs in one round trip at most: past this the store would be busy with one client for too long. */
export const MAX_BATCH = 1_000

const FIRST_PAUSE_MS = 20
/** Half of the second within which a client must notice that the store is back. */
const LONGEST_PAUSE_MS = 400

/**
 * An enqueue call that did not succeed.
 *
 * `store.not_stored` and `store.full`: nothing was stored. `store.unknown`: the store did not answer in time and
 * may have stored the job; call again with `with({ token: error.token })`, and it is stored once.
 */
export class EnqueueError extends StoreError {
  readonly token: string

  constructor(cause: StoreError, token: string, deadlineMs: number) {
    super(cause.code, explain(cause, deadlineMs), { retryable: cause.retryable, cause })
    this.token = token
  }
}

interface Batch {
  readonly jobs: PushJob[]
  readonly done: Promise<void>
}

/** Brings jobs into the store: all that are enqueued in one turn of the event loop in one round trip. */
export class Pusher {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #deadlineMs: number
  readonly #name: string
  #sequence = 0
  #open: Batch | null = null
  #answered: string[] = []
  /** Batches of several jobs that may be stored or not. The store knows one token for all of them. */
  readonly #unsure = new Map<string, { readonly jobs: readonly PushJob[]; readonly since: MonoMs }>()

  constructor(runtime: Runtime, store: Store, deadlineMs: number) {
    this.#runtime = runtime
    this.#store = store
    this.#deadlineMs = deadlineMs
    this.#name = runtime.random.hex(8)
  }

  /** Resolves when the job is stored; jobs pushed at the same time share one fate. */
  push(job: PushJob): Promise<void> {
    if (this.#open === null || this.#open.jobs.length >= MAX_BATCH) this.#open = this.#newBatch()
    this.#open.jobs.push(job)
    return this.#open.done
  }

  /**
   * One round trip for these jobs alone, under a token of the caller's or a fresh one. A repeat for one job of a
   * batch whose fate is unknown brings the whole batch: alone, it would use up the token of the others.
   */
  async pushTogether(jobs: readonly PushJob[], token: string = this.#nextToken()): Promise<void> {
    const answered = this.#answered.splice(0)
    const together = this.#unsure.get(token)?.jobs ?? jobs
    await this.#deliver({ token, now: this.#runtime.clock.now(), jobs: together, answered })
    this.#unsure.delete(token)
  }

  #newBatch(): Batch {
    const jobs: PushJob[] = []
    const done = Promise.resolve().then(() => {
      if (this.#open?.jobs === jobs) this.#open = null
      const token = this.#nextToken()
      return this.pushTogether(jobs, token).then(() => void this.#answered.push(token))
    })
    return { jobs, done }
  }

  #nextToken(): string {
    this.#sequence += 1
    return `${this.#name}:${this.#sequence}`
  }

  /** Repeats under one token until the store has answered or the deadline is here. */
  async #deliver(batch: PushBatch): Promise<void> {
    const { clock } = this.#runtime
    const endsAt = (clock.mono() + this.#deadlineMs) as MonoMs
    let pauseMs = FIRST_PAUSE_MS
    let unsure: StoreError | null = null
    for (;;) {
      const failure = await this.#attempt(batch, endsAt - clock.mono())
      if (failure === null) return
      if (failure.code === 'store.unknown') unsure = failure
      if (!failure.retryable || clock.mono() + pauseMs >= endsAt) {
        if (unsure !== null && batch.jobs.length > 1) this.#remember(batch)
        throw new EnqueueError(unsure ?? failure, batch.token, this.#deadlineMs)
      }
      await clock.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  #remember({ token, jobs }: PushBatch): void {
    const now = this.#runtime.clock.mono()
    for (const [old, { since }] of this.#unsure) if (now - since >= TOKEN_MS) this.#unsure.delete(old)
    this.#unsure.set(token, { jobs, since: now })
  }

  async #attempt(batch: PushBatch, withinMs: number): Promise<StoreError | null> {
    const { clock, logger } = this.#runtime
    const push = this.#store.push(batch).then(
      () => null,
      (error: unknown) => asStoreError(error),
    )
    const expiry = Promise.withResolvers<StoreError>()
    const cancel = clock.after(withinMs, () => expiry.resolve(unanswered()))
    try {
      return await Promise.race([push, expiry.promise])
    } finally {
      cancel()
      ignore(push, 'the deadline came before the answer', logger)
    }
  }
}

function unanswered(): StoreError {
  return new StoreError('store.unknown', 'no answer', { retryable: true })
}

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  throw error
}

function explain(cause: StoreError, deadlineMs: number): string {
  const within = `within ${deadlineMs / 1000} s`
  if (cause.code === 'store.unknown') {
    return `Unknown, safe to repeat: the store did not answer ${within} (${cause.message}). The job may be stored; enqueue again with this error's token and it is stored once.`
  }
  return `Not stored: ${cause.message}. Nothing was enqueued; try again when the store accepts jobs.`
}

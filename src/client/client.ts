import { checkQueueName, type Definition } from '../job/definition.ts'
import { checkArguments } from '../job/json-arguments.ts'
import { newPayload } from '../job/new-payload.ts'
import { MAX_PAYLOAD_BYTES } from '../job/payload.ts'
import { checkSchema } from '../job/schema.ts'
import { shown } from '../kernel/check.ts'
import type { EpochMs } from '../kernel/clock.ts'
import { CapstanError, UsageError } from '../kernel/errors.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { PushJob } from '../store/transfer.ts'
import { type ClientMiddleware, type PendingJob, passes } from './client-middleware.ts'
import { currentContext } from './context.ts'
import { EnqueueManyError } from './enqueue-many-error.ts'
import { MAX_BATCH, Pusher } from './pusher.ts'

/** A call answers or fails within this time: about as long as a person waits for a page. */
export const ENQUEUE_DEADLINE_MS = 5_000

export interface ClientOptions {
  readonly middleware?: readonly ClientMiddleware[]
  /** Default `ENQUEUE_DEADLINE_MS`. */
  readonly deadlineMs?: number
}

/** How one job is to be enqueued. */
export interface EnqueueOptions {
  /** Run then; a moment that has passed means now. Default: now. */
  readonly at?: EpochMs | null
  /** In place of the job's own queue. */
  readonly queue?: string
  /** A repeat with the same token within two minutes stores nothing and succeeds. */
  readonly token?: string
}

/** Checks jobs and hands them to the store. */
export class Client {
  readonly #runtime: Runtime
  readonly #pusher: Pusher
  readonly #middleware: readonly ClientMiddleware[]

  constructor(runtime: Runtime, store: Store, options: ClientOptions = {}) {
    this.#runtime = runtime
    this.#middleware = options.middleware ?? []
    this.#pusher = new Pusher(runtime, store, options.deadlineMs ?? ENQUEUE_DEADLINE_MS)
  }

  get clock(): Runtime['clock'] {
    return this.#runtime.clock
  }

  /**
   * Stores one job. What is enqueued in the same turn of the event loop shares a round trip.
   *
   * @returns its jid, or null when a middleware kept it out
   * @throws UsageError before anything is sent: `job.not_serializable`, `job.invalid_arguments`, `job.too_large`,
   *   `options.invalid`
   * @throws EnqueueError within the deadline
   */
  async enqueue(
    definition: Definition,
    args: readonly unknown[],
    options: EnqueueOptions = {},
  ): Promise<string | null> {
    const pending = await this.#prepare(definition, args, options)
    if (pending === null) return null
    const job = this.#pushJob(pending, options.at ?? null)
    if (options.token === undefined) await this.#pusher.push(job)
    else await this.#pusher.pushTogether([job], options.token)
    return pending.jid
  }

  /**
   * Stores many jobs, one round trip per thousand, reading `rows` only as fast as the store takes them.
   * A failure leaves the earlier slices stored.
   *
   * @returns how many were stored: rows less those that a middleware kept out
   * @throws EnqueueManyError, which knows how many rows are done; what the source of the rows throws, as it is
   */
  async enqueueMany(
    definition: Definition,
    rows: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>,
    options: Omit<EnqueueOptions, 'token'> = {},
  ): Promise<number> {
    checkRows(definition.name, rows)
    let stored = 0
    let rowsRead = 0
    let rowsDone = 0
    let slice: PushJob[] = []
    const flush = async () => {
      if (slice.length > 0) await this.#pusher.pushTogether(slice)
      stored += slice.length
      rowsDone = rowsRead
      slice = []
    }
    try {
      for await (const args of rows) {
        rowsRead += 1
        const pending = await this.#prepare(definition, args, options)
        if (pending !== null) slice.push(this.#pushJob(pending, options.at ?? null))
        if (slice.length >= MAX_BATCH) await flush()
      }
      await flush()
      return stored
    } catch (error) {
      throw error instanceof CapstanError ? new EnqueueManyError(error, { rowsDone, rowsRead }) : error
    }
  }

  async #prepare(
    definition: Definition,
    args: readonly unknown[],
    options: EnqueueOptions,
  ): Promise<PendingJob | null> {
    if (!Array.isArray(args)) throw noList(definition.name, 'a list of arguments', args)
    checkMoment(definition.name, options.at ?? null)
    if (definition.schema !== null) await checkSchema(definition.name, definition.schema, args)
    checkArguments(definition.name, args)
    const context = currentContext()
    const pending: PendingJob = {
      definition,
      args,
      jid: this.#runtime.random.hex(12),
      queue: options.queue ?? definition.queue,
      context: Object.keys(context).length === 0 ? null : context,
    }
    if (this.#middleware.length > 0 && !(await passes(this.#middleware, pending))) return null
    if (pending.queue !== definition.queue) checkQueueName(pending.queue, `job ${definition.name}: queue`)
    if (pending.context !== null) checkArguments(`${definition.name}, its context`, [pending.context])
    return pending
  }

  #pushJob(pending: PendingJob, at: EpochMs | null): PushJob {
    const now = this.#runtime.clock.now()
    // As on the wire: a moment that has passed goes to the queue at once and never sees the schedule.
    const due = at !== null && at > now ? at : null
    const payload = newPayload({ ...pending, now, enqueued: due === null })
    checkSize(pending.definition.name, payload)
    return { queue: pending.queue, payload, at: due }
  }
}

/** Compilers are not always asked: without these, a text would be taken for the list of its letters. */
function checkRows(job: string, rows: unknown): void {
  const isIterable =
    typeof rows === 'object' && rows !== null && (Symbol.iterator in rows || Symbol.asyncIterator in rows)
  if (!isIterable) throw noList(job, 'rows, each a list of arguments', rows)
}

function noList(job: string, expected: string, value: unknown): UsageError {
  return new UsageError('job.invalid_arguments', `${job}: expected ${expected}, got ${shown(value)}`)
}

// As milliseconds they are moments of the first weeks of 1970, as seconds those from 2001 on.
const LEAST_SECONDS = 1e9
const MOST_SECONDS = 1e11

/** NaN, the time of a Date that is none, would else mean now; and so would seconds. */
function checkMoment(job: string, at: EpochMs | null): void {
  if (at === null || (Number.isFinite(at) && !(at >= LEAST_SECONDS && at < MOST_SECONDS))) return
  const advice = Number.isFinite(at) ? ', which look like seconds' : ''
  const expected = 'expected a valid Date, or milliseconds since 1970'
  throw new UsageError('options.invalid', `${job}: at: ${expected}, got ${shown(at)}${advice}`)
}

function checkSize(job: string, payload: string): void {
  if (payload.length * 3 <= MAX_PAYLOAD_BYTES) return
  const sizeBytes = Buffer.byteLength(payload)
  if (sizeBytes <= MAX_PAYLOAD_BYTES) return
  throw new UsageError(
    'job.too_large',
    `${job}: its payload has ${sizeBytes} bytes, at most ${MAX_PAYLOAD_BYTES} are accepted; pass a path or a key instead of the data`,
  )
}

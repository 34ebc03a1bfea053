import type { JobDeath } from '../job/death.ts'
import { type Definition, definition, type JobContext, type JobOptions } from '../job/definition.ts'
import type { Sendable } from '../job/json-arguments.ts'
import type { Schema, SchemaInput, SchemaOutput } from '../job/schema.ts'
import { refuseUnknown, shown, textLike } from '../kernel/check.ts'
import type { EpochMs } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { EnqueueOptions } from './client.ts'
import { defaultClient } from './default-client.ts'

const JOB = Symbol.for('capstan.job')

type Rows<Input> = Iterable<Input> | AsyncIterable<Input>

/** Arguments travel as JSON, which carries no Date, Map, BigInt or function: the compiler then says this. */
interface NotSendable {
  run: 'its arguments must be JSON: texts, numbers, booleans, null, lists and plain objects of these'
}

/** A job with a way to be enqueued: now, or as `in`, `at` and `with` said. */
export interface Enqueue<Input extends readonly unknown[]> {
  /** Resolves with the jid when the job is stored, or null when a middleware kept it out. See `Client.enqueue`. */
  enqueue(...args: Input): Promise<string | null>
  /** One job per row, a thousand per round trip. Resolves with how many were stored. See `Client.enqueueMany`. */
  enqueueMany(rows: Rows<Input>): Promise<number>
}

export interface Job<Input extends readonly unknown[] = readonly unknown[]> extends Enqueue<Input> {
  readonly definition: Definition<Input>
  in(delay: Duration): Enqueue<Input>
  at(moment: Date | EpochMs): Enqueue<Input>
  with(options: EnqueueOptions): Enqueue<Input>
}

/**
 * Defines a job: its name on the wire, its options and its code. The types of its arguments follow from `args`
 * (any Standard Schema of a tuple, checked before enqueue and before each run) or from `run`.
 *
 * `died` is called with the arguments as they were enqueued when the job is given up: out of retries, killed, or the end
 * of too many processes.
 *
 * @throws UsageError for an unknown or impossible option
 */
export function defineJob<S extends Schema<unknown, readonly unknown[]>>(
  options: JobOptions & {
    args: S
    run(args: SchemaOutput<S>, context: JobContext): unknown
    died?(args: SchemaInput<S>, death: JobDeath): unknown
  } & (SchemaInput<S> extends Sendable<SchemaInput<S>> ? unknown : NotSendable),
): Job<SchemaInput<S> & readonly unknown[]>
export function defineJob<const Args extends readonly unknown[] = []>(
  options: JobOptions & {
    args?: undefined
    run(args: Args, context: JobContext): unknown
    died?(args: Args, death: JobDeath): unknown
  } & (Args extends Sendable<Args> ? unknown : NotSendable),
): Job<Args>
export function defineJob(options: unknown): Job {
  const made = definition(options as Parameters<typeof definition>[0])
  return {
    [JOB]: true,
    definition: made,
    ...enqueuer(made, () => ({})),
    // The delay counts from the call to enqueue, not from the call to `in`.
    in: (delay) => enqueuer(made, () => ({ at: defaultClient().clock.now() + durationMs(delay, 'in') })),
    at: (moment) => enqueuer(made, () => ({ at: momentOf(made.name, moment) })),
    with: (enqueueOptions) => {
      checkOptions(made.name, enqueueOptions)
      return enqueuer(made, () => enqueueOptions)
    },
  } as Job
}

/** Whether a value, such as an export of a module, is a job; also when it was made by another copy of this module. */
export function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && JOB in value
}

/** A text may be a moment in any time zone, so none is accepted. */
function momentOf(job: string, moment: Date | EpochMs): EpochMs {
  if (moment instanceof Date || typeof moment === 'number') return Number(moment)
  const expected = 'expected a Date or milliseconds since 1970'
  throw new UsageError('options.invalid', `${job}: at: ${expected}, got ${shown(moment)}`)
}

const OPTIONS = ['at', 'queue', 'token'] as const satisfies ReadonlyArray<keyof EnqueueOptions>

function checkOptions(job: string, options: EnqueueOptions): void {
  refuseUnknown(Object.keys(options), OPTIONS, `${job}: with`)
  for (const key of ['queue', 'token'] as const)
    if (options[key] !== undefined) notEmpty(options[key], `${job}: with: ${key}`)
}

const notEmpty = textLike('a text', /./)

function enqueuer(made: Definition, options: () => EnqueueOptions): Enqueue<readonly unknown[]> {
  return {
    // Async, so that a missing client is a rejection too: whoever catches one failure catches all.
    enqueue: async (...args) => defaultClient().enqueue(made, args, options()),
    enqueueMany: async (rows) => {
      const { token, ...rest } = options()
      if (token === undefined) return defaultClient().enqueueMany(made, rows, rest)
      throw new UsageError(
        'options.invalid',
        `${made.name}: a token names one enqueue; enqueueMany takes none`,
      )
    },
  }
}

import { meant } from '../kernel/check.ts'
import type { Duration } from '../kernel/duration.ts'
import { durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { JobDeath } from './death.ts'
import type { Schema } from './schema.ts'

/** What a job's `run` is told besides its arguments. */
export interface JobContext {
  readonly jid: string
  /** The name on the wire. */
  readonly job: string
  readonly queue: string
  /** 1 on the first try. */
  readonly attempt: number
  /** Aborts at the timeout, when the worker begins to stop, and when the job's lease is lost; `reason` says which. */
  readonly signal: AbortSignal
  /** Adds the job's name and jid to every line. */
  readonly log: Logger
}

/**
 * The wait before a retry: a duration, `'kill'` (to the dead set at once), `'discard'`, or undefined for the
 * usual curve.
 * @param retries failures before this one; 0 at the first
 */
export type RetryDelay = (retries: number, error: unknown) => Duration | 'kill' | 'discard' | undefined

export interface JobOptions {
  /** The class on the wire. It stays the same when the code is renamed: stored jobs carry it. */
  readonly name: string
  /** Default `'default'`. */
  readonly queue?: string
  /** How often to try again: a count, `false` for never (and no dead set), or both a limit and an own delay. Default 25. */
  readonly retry?: number | false | { readonly limit?: number; readonly delay: RetryDelay }
  /** `false`: a job that is out of retries is dropped. Default true: it goes to the dead set. */
  readonly dead?: boolean
  /** The signal aborts after this long. Default: none. */
  readonly timeout?: Duration
  readonly tags?: readonly string[]
  /** Lines of the stack to keep with a failure; `true` for all. Default: none. */
  readonly backtrace?: boolean | number
  /** A job that has not begun within this time after it became runnable is dropped. Default: never. */
  readonly expiresIn?: Duration
  /** `'thread'`: runs in a thread of its own, which is killed at the timeout. For work that keeps the processor busy. */
  readonly isolate?: 'thread'
}

/** A job as the worker and the client use it: options checked, defaults filled in. */
export interface Definition<Input extends readonly unknown[] = readonly unknown[]> {
  readonly name: string
  readonly queue: string
  readonly retry: number | false | true
  readonly retryDelay: RetryDelay | null
  readonly dead: boolean
  readonly timeoutMs: number | null
  readonly tags: readonly string[]
  readonly backtrace: boolean | number
  readonly expiresInMs: number | null
  readonly isolate: 'thread' | null
  readonly schema: Schema<unknown, readonly unknown[]> | null
  readonly run: (args: readonly unknown[], context: JobContext) => unknown
  readonly died: ((args: readonly unknown[], death: JobDeath) => unknown) | null
  /** Only for the type of the arguments; never there at run time. */
  readonly input?: Input
}

type Run = Definition['run']
type DefinitionSource = JobOptions & {
  readonly args?: Schema<unknown, readonly unknown[]>
  readonly run: Run
  readonly died?: Definition['died']
}

const KNOWN = [
  'name',
  'queue',
  'retry',
  'dead',
  'timeout',
  'tags',
  'backtrace',
  'expiresIn',
  'isolate',
  'args',
  'run',
  'died',
]

/** Other libraries' options for a job that runs again and again. */
const REPEATS = ['cron', 'schedule', 'repeat', 'every', 'interval']
const NO_CRON =
  'nothing enqueues a job again and again here: let a systemd timer or cron run "capstan enqueue"; ' +
  '.at() and .in() enqueue it once, for later'

/** @throws UsageError `options.unknown` or `options.invalid`, before anything is kept */
export function definition(source: DefinitionSource): Definition {
  check(source)
  const { retry = true } = source
  return {
    name: source.name,
    queue: source.queue ?? 'default',
    retry: typeof retry === 'object' ? (retry.limit ?? true) : retry,
    retryDelay: typeof retry === 'object' ? retry.delay : null,
    dead: source.dead ?? true,
    timeoutMs:
      source.timeout === undefined ? null : durationMs(source.timeout, `job ${source.name}: timeout`),
    tags: source.tags ?? [],
    backtrace: source.backtrace ?? false,
    expiresInMs:
      source.expiresIn === undefined ? null : durationMs(source.expiresIn, `job ${source.name}: expiresIn`),
    isolate: source.isolate ?? null,
    schema: source.args ?? null,
    run: source.run,
    died: source.died ?? null,
  }
}

/**
 * Names go into keys, URLs and shell words: letters, digits and `_ . : -` only. Not digits alone: JavaScript
 * would move such keys of an object to its front, and with them the order of strict queues.
 */
const QUEUE_NAME = /^(?!\d+$)[\w.:-]+$/

export function checkQueueName(queue: unknown, where: string): asserts queue is string {
  if (typeof queue === 'string' && QUEUE_NAME.test(queue)) return
  throw new UsageError(
    'options.invalid',
    `${where}: expected a name of letters, digits and _ . : - (not digits alone), got ${JSON.stringify(queue)}`,
  )
}

function check(source: DefinitionSource): void {
  const where = `job ${typeof source.name === 'string' ? source.name : '(without a name)'}`
  for (const key of Object.keys(source)) {
    if (KNOWN.includes(key)) continue
    const advice = REPEATS.includes(key) ? NO_CRON : meant(key, KNOWN)
    throw new UsageError('options.unknown', `${where}: unknown option "${key}"; ${advice}`)
  }
  for (const [option, expected, accepts] of EXPECTED) {
    if (accepts(source[option])) continue
    throw new UsageError('options.invalid', `${where}: ${option}: expected ${expected}`)
  }
  if (source.queue !== undefined) checkQueueName(source.queue, `${where}: queue`)
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const isFlag = (value: unknown): boolean => [undefined, true, false].includes(value as boolean)
const limitOf = (retry: unknown): unknown =>
  typeof retry === 'object' && retry !== null ? (retry as { limit?: unknown }).limit : retry

const hasDelay = (retry: unknown): boolean => typeof (retry as { delay?: unknown }).delay === 'function'
const isSchema = (value: unknown): boolean =>
  typeof (value as Partial<Schema> | null)?.['~standard']?.validate === 'function'

const EXPECTED: ReadonlyArray<readonly [keyof DefinitionSource, string, (value: unknown) => boolean]> = [
  ['name', 'a non-empty string', (name) => typeof name === 'string' && name !== ''],
  ['run', 'a function', (run) => typeof run === 'function'],
  ['died', 'a function', (died) => died === undefined || typeof died === 'function'],
  ['retry', 'a count or false', (retry) => isFlag(limitOf(retry)) || isCount(limitOf(retry))],
  ['retry', 'a delay that is a function', (retry) => typeof retry !== 'object' || hasDelay(retry)],
  ['dead', 'true or false', isFlag],
  ['backtrace', 'true, false or a count', (backtrace) => isFlag(backtrace) || isCount(backtrace)],
  ['args', 'a Standard Schema (zod, valibot, arktype …)', (args) => args === undefined || isSchema(args)],
  ['isolate', "'thread'", (isolate) => isolate === undefined || isolate === 'thread'],
  [
    'tags',
    'strings',
    (tags) => tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')),
  ],
]

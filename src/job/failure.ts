import { deflateSync } from 'node:zlib'
import type { EpochMs } from '../kernel/clock.ts'
import type { LogFields } from '../kernel/logger.ts'
import { editPayload, type PayloadEdits } from './edit-payload.ts'
import type { Payload } from './payload.ts'
import { readWireTime, wireSeconds } from './wire-time.ts'

/** Longer messages are cut: a payload is no place for a page of HTML. The wire's own limit, in characters. */
const MAX_MESSAGE = 10_000

/** What went wrong with one run, in a form that survives a process boundary. */
export interface JobError {
  readonly name: string
  readonly message: string
  readonly stack: string | null
  /** What was thrown, where it is still at hand: for a job's own retry delay. */
  readonly thrown?: unknown
}

export function jobError(thrown: unknown): JobError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: textOf(thrown), stack: null, thrown }
  const { name, message, stack } = thrown as { name: unknown; message: unknown; stack?: unknown }
  return {
    name: textOf(name),
    message: textOf(message),
    stack: typeof stack === 'string' ? stack : null,
    thrown,
  }
}

/** The text of anything: errors whose message is an object exist, and so do objects without a text. */
function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** What the log says of an error: `at` is the innermost call in the application's own code, where one is known. */
export function logged({ name, message, stack }: JobError): LogFields {
  const at = stack === null ? null : placeIn(stack)
  return { error: message, errorClass: name, ...(at === null ? {} : { at }) }
}

/** As `name (file:line:column)`. */
function placeIn(stack: string): string | null {
  const calls = [...stack.matchAll(/^ +at (.+)$/gm)].map(([, call]) => call!)
  return calls.find((call) => !/node:|node_modules|<anonymous>/.test(call)) ?? null
}

/** Failures that the payload already knows of. */
export function retriesOf(payload: Payload): number {
  return isFirst(payload) ? 0 : payload.retry_count! + 1
}

/** When a job that fails now first failed; null when its payload does not tell. */
export function firstFailureAt(payload: Payload, now: EpochMs): EpochMs | null {
  return isFirst(payload) ? now : readWireTime(payload.failed_at)
}

/** The payload after a failed run: the fields by which every reader of the wire shows what went wrong. */
export function failedPayload(
  raw: string,
  payload: Payload,
  failure: { error: JobError; queue: string; now: EpochMs },
): string {
  const { error, now } = failure
  const edits: Record<string, string | null> = {
    queue: JSON.stringify(payload.retry_queue ?? failure.queue),
    error_message: JSON.stringify(error.message.slice(0, MAX_MESSAGE).toWellFormed()),
    error_class: JSON.stringify(error.name.toWellFormed()),
    retry_count: String(retriesOf(payload)),
    [isFirst(payload) ? 'failed_at' : 'retried_at']: wireSeconds(now),
    ...backtraceEdits(payload, error),
  }
  return editPayload(raw, edits)
}

/** Other writers leave the count out or write null. */
function isFirst(payload: Payload): boolean {
  return payload.retry_count === undefined || payload.retry_count === null
}

function backtraceEdits(payload: Payload, error: JobError): PayloadEdits {
  const { backtrace } = payload
  if (backtrace === undefined || backtrace === null || backtrace === false || error.stack === null) return {}
  const lines = error.stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
  const kept = backtrace === true ? lines : lines.slice(0, Number.parseInt(String(backtrace), 10) || 0)
  // zlib with its header, not gzip: other readers answer a gzip stream with an error page.
  return { error_backtrace: JSON.stringify(deflateSync(JSON.stringify(kept)).toString('base64')) }
}

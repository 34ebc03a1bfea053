import { createHash } from 'node:crypto'
import { isMalformed, MAX_PAYLOAD_BYTES, type Payload, parsePayload } from '../job/payload.ts'
import { readWireTime } from '../job/wire-time.ts'
import type { EpochMs } from '../kernel/clock.ts'
import { shown } from './active-job.ts'
import { backtraceOf } from './backtrace.ts'
import { parseExact } from './exact-json.ts'
import type { PlaceName } from './place.ts'

/** Where a job was found. */
export interface Finding {
  readonly place: PlaceName
  /** Finds it again in its place; null for a running one. */
  readonly ref: string | null
  /** The queue it stands in or was taken from; null in a set. */
  readonly queue: string | null
  /** When it runs (scheduled, retry) or died (dead); else null. */
  readonly at: EpochMs | null
  /** Why it was buried, where it never could run. */
  readonly reason: string | null
  /** Identity of the worker that runs it, and since when; else null. */
  readonly worker: string | null
  readonly startedAt: EpochMs | null
}

/** A job as an operator sees it: plain JSON. Unknown is null. */
export interface JobView extends Finding {
  /** The jid; for a job without one a name made of its bytes, which finds it as well. */
  readonly id: string
  readonly jid: string | null
  /** The class on the wire. */
  readonly class: string | null
  /** What people call it: the job inside a Rails wrapper, or the job's own display name. */
  readonly name: string
  readonly args: readonly unknown[]
  /** The arguments as JSON, every number exactly as it was written. */
  readonly argsText: string
  readonly tags: readonly string[]
  /** As on the wire: absent (null) before the first failure, then 0, 1, 2 … */
  readonly retryCount: number | null
  readonly error: JobErrorView | null
  readonly createdAt: EpochMs | null
  readonly enqueuedAt: EpochMs | null
  readonly failedAt: EpochMs | null
  readonly retriedAt: EpochMs | null
  /** Why no worker can run it; null for a sound job. */
  readonly malformed: string | null
  /** The bytes. */
  readonly payload: string
}

export interface JobErrorView {
  readonly class: string | null
  readonly message: string
  readonly backtrace: readonly string[] | null
}

/** Shown in place of a name that cannot be read. */
const NAMELESS = '(malformed)'

export function jobView(raw: string, finding: Finding): JobView {
  const payload = parsePayload(raw)
  if (isMalformed(payload)) return malformedView(raw, finding, payload.malformed)
  try {
    return soundView(raw, finding, payload)
  } catch (error) {
    // The parser takes any depth, what walks its result does not; one such job must not hide all others.
    if (!(error instanceof RangeError)) throw error
    return malformedView(raw, finding, 'nested too deeply')
  }
}

function soundView(raw: string, finding: Finding, payload: Payload): JobView {
  const exact = parseExact(raw) as { args: unknown[] }
  return {
    ...finding,
    ...times(payload),
    id: payload.jid,
    jid: payload.jid,
    queue: finding.queue ?? payload.queue ?? null,
    class: payload.class,
    ...shown(payload),
    argsText: JSON.stringify(shown(payload, exact.args).args),
    tags: (payload.tags ?? []).map(String),
    retryCount: payload.retry_count ?? null,
    error: errorOf(payload),
    malformed: null,
    payload: raw,
  }
}

/** What can still be told of a payload that no worker can run: whatever of it is text in its place. */
function malformedView(raw: string, finding: Finding, malformed: string): JobView {
  const fields = looseFields(raw)
  const text = (key: string): string | null => (typeof fields[key] === 'string' ? fields[key] : null)
  const jid = text('jid') || null
  return {
    ...finding,
    ...times(fields),
    id: jid ?? bytesName(raw),
    jid,
    queue: finding.queue ?? text('queue'),
    class: text('class'),
    name: text('class') || NAMELESS,
    args: [],
    argsText: '',
    tags: [],
    retryCount: typeof fields.retry_count === 'number' ? fields.retry_count : null,
    error: errorOf(fields),
    malformed,
    payload: raw,
  }
}

function looseFields(raw: string): Payload {
  let value: unknown = null
  try {
    if (raw.length <= MAX_PAYLOAD_BYTES) value = JSON.parse(raw)
  } catch {
    // No JSON at all: there is nothing to be told.
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return (isObject ? value : {}) as Payload
}

/** Digits enough that two broken payloads of one store do not share a name. */
const NAME_DIGITS = 16

export const BYTES_NAME_PREFIX = 'bytes-'

function bytesName(raw: string): string {
  return `${BYTES_NAME_PREFIX}${createHash('sha256').update(raw).digest('hex').slice(0, NAME_DIGITS)}`
}

function times(payload: Payload): Pick<JobView, 'createdAt' | 'enqueuedAt' | 'failedAt' | 'retriedAt'> {
  return {
    createdAt: readWireTime(payload.created_at),
    enqueuedAt: readWireTime(payload.enqueued_at),
    failedAt: readWireTime(payload.failed_at),
    retriedAt: readWireTime(payload.retried_at),
  }
}

function errorOf(payload: Payload): JobErrorView | null {
  const { error_class: name, error_message: message } = payload
  if (name === undefined && message === undefined) return null
  return {
    class: name === undefined || name === null ? null : String(name),
    message: message === undefined || message === null ? '' : String(message),
    backtrace: backtraceOf(payload),
  }
}

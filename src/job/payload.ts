/** A job as it stands in the store, parsed. Keys that Capstan does not know are kept for ever. */
export interface Payload {
  readonly class: string
  readonly args: readonly unknown[]
  readonly jid: string
  readonly queue?: string
  /** A whole number: so many retries. `false`: none, and no dead set either. Anything else, text too: the default limit. */
  readonly retry?: unknown
  /** Seconds from the first failure within which it is tried again, in place of a count. */
  readonly retry_for?: unknown
  readonly retry_queue?: string
  /** `false`, and nothing else: a job out of retries is dropped instead of going to the dead set. */
  readonly dead?: unknown
  /** A text counts as the number that it begins with, or 0. */
  readonly backtrace?: boolean | number | string | null
  /** Ruby takes ids for tags as well and does not make texts of them. */
  readonly tags?: readonly string[]
  /** Absent before the first failure, then 0, 1, 2 …; -1 when an operator's retry took back the first. */
  readonly retry_count?: number
  readonly created_at?: unknown
  readonly enqueued_at?: unknown
  readonly failed_at?: unknown
  readonly retried_at?: unknown
  readonly error_class?: string
  readonly error_message?: string
  /** Seconds from the moment the job became runnable within which it must begin. */
  readonly expires_in?: number
  readonly [key: string]: unknown
}

/** A payload that no worker can run, with the reason in words. Its bytes go to the dead set as they are. */
export interface Malformed {
  readonly malformed: string
}

/**
 * The largest payload that is accepted at enqueue and run by a worker, in UTF-8 bytes. Past it, one job would
 * hold up the store and every worker behind it; the data belongs into a file or an object store.
 */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024

/** Reads a payload that anybody may have written. Never throws. */
export function parsePayload(raw: string): Payload | Malformed {
  // A UTF-16 unit is three bytes at most: few payloads have to be measured.
  if (raw.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(raw) > MAX_PAYLOAD_BYTES) {
    return { malformed: `larger than ${MAX_PAYLOAD_BYTES} bytes` }
  }
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    return { malformed: 'not valid JSON' }
  }
  const problem = problemOf(value)
  return problem === null ? (value as Payload) : { malformed: problem }
}

export function isMalformed(payload: Payload | Malformed): payload is Malformed {
  return 'malformed' in payload && !('class' in payload)
}

function problemOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object'
  const job = value as Record<string, unknown>
  // The first that fails is the reason given. Not a table of tests: that would cost a tenth of a job's run.
  if (!isText(job.class)) return wrong('class', 'a non-empty string')
  if (!Array.isArray(job.args)) return wrong('args', 'an array')
  if (!isText(job.jid)) return wrong('jid', 'a non-empty string')
  return problemOfOptions(job)
}

function problemOfOptions(job: Record<string, unknown>): string | null {
  if (!isAbsent(job.queue) && !isText(job.queue)) return wrong('queue', 'a non-empty string')
  if (!isAbsent(job.retry_count) && !isRetryCount(job.retry_count)) return wrong('retry_count', 'a count')
  if (!isAbsent(job.retry_queue) && !isText(job.retry_queue))
    return wrong('retry_queue', 'a non-empty string')
  if (!isAbsent(job.backtrace) && !isLines(job.backtrace)) return wrong('backtrace', 'true, false or a count')
  if (!isAbsent(job.tags) && !Array.isArray(job.tags)) return wrong('tags', 'an array')
  if (!isAbsent(job.expires_in) && typeof job.expires_in !== 'number')
    return wrong('expires_in', 'a number of seconds')
  return null
}

const wrong = (key: string, expected: string): string => `"${key}" is not ${expected}`

const isAbsent = (value: unknown): boolean => value === undefined || value === null
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
/** An operator's "retry now" takes one off, and so makes -1 of the first failure's 0. */
const isRetryCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= -1
/** What Ruby reads as a number of lines, if need be 0. */
const isLines = (value: unknown): boolean => ['boolean', 'number', 'string'].includes(typeof value)

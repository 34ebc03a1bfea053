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
  const payload = value as Record<string, unknown>
  for (const [key, expected, accepts] of FIELDS) {
    if (!accepts(payload[key])) return `"${key}" is not ${expected}`
  }
  return null
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
/** What Ruby reads as a number of lines, if need be 0. */
const isLines = (value: unknown): boolean => ['boolean', 'number', 'string'].includes(typeof value)
const optional = (accepts: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || value === null || accepts(value)

/** Name, what it must be in words, and the test. The first that fails is the reason given. */
const FIELDS: ReadonlyArray<readonly [string, string, (value: unknown) => boolean]> = [
  ['class', 'a non-empty string', isText],
  ['args', 'an array', Array.isArray],
  ['jid', 'a non-empty string', isText],
  ['queue', 'a non-empty string', optional(isText)],
  // An operator's "retry now" takes one off, and so makes -1 of the first failure's 0.
  ['retry_count', 'a count', optional((value) => value === -1 || isCount(value))],
  ['retry_queue', 'a non-empty string', optional(isText)],
  ['backtrace', 'true, false or a count', optional(isLines)],
  ['tags', 'an array', optional(Array.isArray)],
  ['expires_in', 'a number of seconds', optional((value) => typeof value === 'number')],
]

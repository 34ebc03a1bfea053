import { inflateSync } from 'node:zlib'
import type { Payload } from '../job/payload.ts'

/** A backtrace that unfolds to more than this was not written by any worker; it is not shown. */
const MAX_BACKTRACE_BYTES = 1_048_576

/** The lines kept with the last failure, innermost first; null when none were kept or they cannot be read. */
export function backtraceOf(payload: Payload): readonly string[] | null {
  const kept = payload.error_backtrace
  if (Array.isArray(kept)) return kept.map(String)
  if (typeof kept !== 'string') return null
  try {
    const text = inflateSync(Buffer.from(kept, 'base64'), { maxOutputLength: MAX_BACKTRACE_BYTES }).toString()
    const lines: unknown = JSON.parse(text)
    return Array.isArray(lines) ? lines.map(String) : null
  } catch {
    // Anybody may have written it; what cannot be unpacked is no reason to hide the job.
    return null
  }
}

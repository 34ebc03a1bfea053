import type { EpochMs } from '../kernel/clock.ts'
import type { JsonText } from './edit-payload.ts'

/** Integers from here on are milliseconds, below they are seconds: 1e11 s is the year 5138, 1e11 ms is 1973. */
const FIRST_MILLISECONDS = 1e11

/**
 * A moment as the wire writes it: float seconds with a fraction that is always there (`1795492274.768`).
 * It is the one form that every Sidekiq from 6 to 8 reads alike; 8 takes a bare integer for milliseconds.
 *
 * No zero stands at its end but that of `.0`: Ruby would not write it, and finds a job again by the bytes that
 * it would write. Its "reschedule" of a job with other bytes makes a second job.
 */
export function wireSeconds(at: EpochMs): JsonText {
  const seconds = String(Math.round(at) / 1000)
  return seconds.includes('.') ? seconds : `${seconds}.0`
}

/** A moment out of a payload that any version may have written, or null when it cannot be understood. */
export function readWireTime(value: unknown): EpochMs | null {
  if (typeof value === 'number') return value >= FIRST_MILLISECONDS ? value : value * 1000
  if (typeof value !== 'string' || value === '') return null
  const number = Number(value)
  if (!Number.isNaN(number)) return readWireTime(number)
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? null : parsed
}

import type { EpochMs } from './clock.ts'

const DAY_MS = 86_400_000

/** The UTC day of a moment, as `2025-10-14`. */
export function utcDay(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The last `days` UTC days, that of `now` first. */
export function lastUtcDays(now: EpochMs, days: number): string[] {
  return Array.from({ length: days }, (_, ago) => utcDay(now - ago * DAY_MS))
}

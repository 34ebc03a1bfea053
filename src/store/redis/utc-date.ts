import type { EpochMs } from '../../kernel/clock.ts'

const DAY_MS = 86_400_000

/** The UTC date of a moment, as YYYY-MM-DD. */
export function utcDate(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The last `days` UTC dates, the one of `now` first. */
export function lastDates(now: EpochMs, days: number): string[] {
  return Array.from({ length: days }, (_, ago) => utcDate(now - ago * DAY_MS))
}

import type { EpochMs } from '../../kernel/clock.ts'

// Sweden writes dates as the wire does: year, month, day, with hyphens.
const ISO_DATE = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'UTC',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** The UTC day of a moment, as `2025-10-14`. */
export function utcDay(at: EpochMs): string {
  return ISO_DATE.format(at)
}

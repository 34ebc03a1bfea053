const UNITS_MS: Readonly<Record<string, number>> = {
  ...{ us: 0.001, usec: 0.001, µs: 0.001, ms: 1, msec: 1 },
  ...{ s: 1_000, sec: 1_000, second: 1_000, seconds: 1_000 },
  ...{ m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000 },
  ...{ h: 3_600_000, hr: 3_600_000, hour: 3_600_000, hours: 3_600_000 },
  ...{
    d: 86_400_000,
    day: 86_400_000,
    days: 86_400_000,
    w: 604_800_000,
    week: 604_800_000,
    weeks: 604_800_000,
  },
}

/** A time span as systemd reads it (`90`, `1min 30s`; a bare number is seconds), in milliseconds. Null when it is none. */
export function timeSpanMs(text: string): number | null {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*/gy)]
  const length = parts.reduce((sum, [part]) => sum + part.length, 0)
  if (parts.length === 0 || length !== text.length) return null
  const spans = parts.map(
    ([, amount, unit]) => Number(amount) * (unit === '' ? 1_000 : (UNITS_MS[unit!] ?? Number.NaN)),
  )
  const sum = spans.reduce((total, span) => total + span, 0)
  return Number.isNaN(sum) ? null : sum
}

import type { EpochMs } from '../../kernel/clock.ts'

/** The major versions of Sidekiq that keep metrics; each has its own names for them. 6 keeps none. */
export type MetricsForm = 7 | 8

/** Names one class's histogram of the minute of `now`, in UTC. */
export function histogramKey(form: MetricsForm, name: string, now: EpochMs): string {
  const { day, hour, minute } = partsOf(now)
  if (form === 7) return `${name}-${padded(day)}-${padded(hour)}:${minute}`
  return `h|${name}-${day}-${hour}:${minute}`
}

/** Names the counters of the minute of `now`, in UTC, and how long they are kept; 8 adds ten minutes together, too. */
export function counterKeys(form: MetricsForm, now: EpochMs): Array<{ key: string; seconds: number }> {
  const { date, hour, minute } = partsOf(now)
  if (form === 7) return [{ key: `j|${date}|${hour}:${minute}`, seconds: MINUTE_SECONDS }]
  const key = `j|${date.slice(2)}|${hour}:${padded(minute)}`
  return [
    { key, seconds: MINUTE_SECONDS },
    { key: key.slice(0, -1), seconds: TEN_MINUTES_SECONDS },
  ]
}

/** What is kept by the minute lives eight hours. Histograms name only the day of the month, so never longer. */
export const MINUTE_SECONDS = 28_800
/** What is kept by ten minutes lives three days. */
const TEN_MINUTES_SECONDS = 259_200

function partsOf(now: EpochMs) {
  const text = new Date(now).toISOString()
  const at = (from: number) => Number(text.slice(from, from + 2))
  return { date: text.slice(0, 10).replaceAll('-', ''), day: at(8), hour: at(11), minute: at(14) }
}

const padded = (value: number) => String(value).padStart(2, '0')

import { UsageError } from './errors.ts'

/** A number of milliseconds, or a text such as `'500ms'`, `'25s'`, `'2m'`, `'1.5h'`, `'7d'`. */
export type Duration = number | string

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of a duration.
 *
 * @param where what the duration is for, named in the error
 * @throws UsageError `options.duration` for anything negative, not finite or not understood
 */
export function durationMs(duration: Duration, where: string): number {
  const ms = typeof duration === 'number' ? duration : parse(String(duration))
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new UsageError(
    'options.duration',
    `${where}: expected milliseconds or a text such as '25s', '2m', '1h', got ${typeof duration === 'string' ? JSON.stringify(duration) : String(duration)}`,
  )
}

/**
 * Milliseconds of a duration on a command line, where a number alone may mean anything and so needs its unit.
 *
 * @param option such as `--in`, named in the error
 * @throws UsageError `options.duration`
 */
export function durationOption(text: string, option: string): number {
  const ms = parse(text)
  if (Number.isFinite(ms)) return ms
  const meant = Number.isFinite(parse(`${text}s`)) ? `; for seconds write ${text.trim()}s` : ''
  throw new UsageError(
    'options.duration',
    `${option}: expected a number with its unit (ms, s, m, h or d), such as 25s, got ${JSON.stringify(text)}${meant}`,
  )
}

function parse(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  return amount === undefined || unit === undefined ? Number.NaN : Number(amount) * UNIT_MS[unit]!
}

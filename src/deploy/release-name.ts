import type { EpochMs } from '../kernel/clock.ts'
import { InternalError } from '../kernel/errors.ts'

const SECOND_MS = 1_000
const LENGTH = 14 // YYYYMMDDHHMMSS

/** The name of a release made at that moment: its UTC second as 14 digits, as Capistrano names them. */
export function releaseName(at: EpochMs): string {
  const digits = new Date(at).toISOString().slice(0, 19).replace(/\D/g, '')
  if (digits.length !== LENGTH)
    throw new InternalError('internal.release_name', `no release can be named ${digits}`)
  return digits
}

/** The second a release was made in; null for any other name. */
export function releaseTime(name: string): EpochMs | null {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(name) ?? []
  if (year === undefined) return null
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // Some impossible days are read as a day of the next month.
  return Number.isNaN(at) || releaseName(at) !== name ? null : at
}

/**
 * The name for a new release: this second, or the one after the newest release, so that the newest release has the
 * greatest name even after a clock was wrong. Other names are ignored.
 */
export function newReleaseName(now: EpochMs, existing: Iterable<string>): string {
  const times = [...existing].map(releaseTime).filter((at) => at !== null)
  return releaseName(Math.max(now, ...times.map((at) => at + SECOND_MS)))
}

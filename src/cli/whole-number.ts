import { UsageError } from '../kernel/errors.ts'

/**
 * The number that an option of the command line was given.
 * @throws UsageError `options.invalid` when the text is not a whole number of at least `least`
 */
export function wholeNumber(text: string, option: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new UsageError(
    'options.invalid',
    `${option}: expected a whole number of at least ${least}, got "${text}"`,
  )
}

import { isJob } from '../client/define-job.ts'
import { type Check, listOf, shape, that } from '../kernel/check.ts'
import { UsageError } from '../kernel/errors.ts'

const job = that('a job made by defineJob', isJob)
const jobs = listOf(job)
const known = shape({
  jobs,
  deathHandlers: listOf(that('a function', (value) => typeof value === 'function')),
  logger: that('a logger', (value) => typeof (value as { child?: unknown } | null)?.child === 'function'),
})

/**
 * Looks at what a test in plain JavaScript may give as options.
 * @throws UsageError `options.unknown` or `options.invalid`, with the path, what was expected and what is there
 */
export const checkKitOptions: Check = asOption((options, where) => {
  known(options, where)
  jobs((options as { jobs?: unknown }).jobs, `${where}.jobs`)
})

/** @throws UsageError `options.invalid` */
export const checkJob: Check = asOption(job)

/** The kernel's checks speak of a configuration; the same mistake is here one in an option. */
function asOption(check: Check): Check {
  return (value, where) => {
    try {
      check(value, where)
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'config.invalid') throw error
      throw new UsageError('options.invalid', error.message)
    }
  }
}

import { UsageError } from '../kernel/errors.ts'

/**
 * What a worker does with a job of a class that it does not know.
 *
 * - `return`: the job waits in the schedule for a few seconds and then stands on its queue again, so that a worker
 *   that knows it can take it. It costs the job nothing.
 * - `dead`: it is kept in the dead set at once, with the reason.
 * - `retry`: a failure like any other, as in Sidekiq: it goes through the job's retries.
 */
export type UnknownJobRule = 'return' | 'dead' | 'retry'

const RULES: readonly unknown[] = ['return', 'dead', 'retry'] satisfies UnknownJobRule[]

/** @throws UsageError `options.invalid` */
export function checkUnknownJobRule(rule: unknown, where: string): asserts rule is UnknownJobRule {
  if (RULES.includes(rule)) return
  throw new UsageError(
    'options.invalid',
    `${where}: expected 'return', 'dead' or 'retry', got ${JSON.stringify(rule)}`,
  )
}

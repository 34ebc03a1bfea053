import { messageOf } from './errors.ts'
import type { Logger } from './logger.ts'

/** Lets a promise go its own way on purpose; its failure is logged at debug with the reason why nobody cares. */
export function ignore(promise: Promise<unknown>, reason: string, logger: Logger): void {
  promise.catch((error: unknown) => logger.debug('ignored a failure', { reason, error: messageOf(error) }))
}

import { type Clock, systemClock } from './clock.ts'
import type { Logger } from './logger.ts'
import { type Random, systemRandom } from './random.ts'

/** What every service needs from the world. Made once, by the command line, by `connect` or by a test. */
export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** The real world, with `logger` to write to. */
export function systemRuntime(logger: Logger): Runtime {
  return { clock: systemClock, random: systemRandom(), logger }
}

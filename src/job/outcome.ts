import type { Duration } from '../kernel/duration.ts'
import { durationMs } from '../kernel/duration.ts'

// Registered, so that it is the same symbol in every copy of this module that a process may load.
const OUTCOME: unique symbol = Symbol.for('capstan.outcome') as never

/** What a job may ask for instead of simply ending well. Made by `snooze`, `discard` and `kill`. */
export type Outcome =
  | { readonly [OUTCOME]: true; readonly kind: 'snooze'; readonly ms: number }
  | { readonly [OUTCOME]: true; readonly kind: 'discard'; readonly reason: string }
  | { readonly [OUTCOME]: true; readonly kind: 'kill'; readonly reason: string }

/** Return it from `run`: the job runs again after `delay`, which counts as neither success nor failure. */
export function snooze(delay: Duration): Outcome {
  return { [OUTCOME]: true, kind: 'snooze', ms: durationMs(delay, 'snooze') }
}

/** Return it from `run`: the job is dropped. The reason is logged. */
export function discard(reason: string): Outcome {
  return { [OUTCOME]: true, kind: 'discard', reason }
}

/** Return it from `run`: the job goes to the dead set at once, with the reason, for a person to look at. */
export function kill(reason: string): Outcome {
  return { [OUTCOME]: true, kind: 'kill', reason }
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && OUTCOME in value
}

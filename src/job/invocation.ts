import { exactArguments } from './exact-arguments.ts'
import type { Payload } from './payload.ts'
import { isRailsWrapper, railsArguments } from './rails-arguments.ts'

/** Which job a payload asks for, by the name it is registered under, and with what. */
export interface Invocation {
  readonly name: string
  readonly args: readonly unknown[]
}

/** Why a payload that is sound must not be run here, in words. */
export interface Refusal {
  readonly refused: string
}

/**
 * Looks through the wrapper that Rails puts around its jobs: the name is that of the job inside, the arguments
 * are its own. Whole numbers are exact (`exactArguments`).
 *
 * A job that belongs to a batch, holds a unique lock or is encrypted is refused: what watches over it would
 * never hear of its end, or its arguments cannot be read.
 */
export function invocationOf(raw: string, payload: Payload): Invocation | Refusal {
  for (const key of REFUSED_KEYS) if (isSet(payload[key])) return { refused: REASONS[key] }
  try {
    return unwrapped(raw, payload)
  } catch (error) {
    // The parser takes any depth, what walks its result does not.
    if (!(error instanceof RangeError)) throw error
    return { refused: 'nested too deeply' }
  }
}

function unwrapped(raw: string, payload: Payload): Invocation | Refusal {
  const args = exactArguments(raw, payload.args)
  if (!isRailsWrapper(payload.class)) return { name: payload.class, args }
  const { wrapped } = payload
  if (typeof wrapped !== 'string' || wrapped === '') {
    return { refused: `a Rails job without the name of the job inside ("wrapped")` }
  }
  const inside = railsArguments(args)
  return 'refused' in inside ? inside : { name: wrapped, args: inside.args }
}

/** The name under which a job is registered here; what a person calls it too. */
export function nameOf(payload: Payload): string {
  const { wrapped } = payload
  return isRailsWrapper(payload.class) && typeof wrapped === 'string' && wrapped !== ''
    ? wrapped
    : payload.class
}

/** What only Ruby's commercial editions can do. `null` and `false` mean that the job does not ask for it. */
const REASONS = {
  bid: 'it belongs to a batch of Sidekiq Pro ("bid"), which would never hear that it has run',
  unique_for: 'it holds a unique lock of Sidekiq Enterprise ("unique_for"), which nobody would release',
  encrypt: 'its last argument is encrypted by Sidekiq Enterprise ("encrypt") and cannot be read',
}
const REFUSED_KEYS = ['bid', 'unique_for', 'encrypt'] as const

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}

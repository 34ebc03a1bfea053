import type { EpochMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'

/**
 * A call is named `OPENED-RANDOM-COUNT`: when its store was opened, chance against a twin, and its number since then.
 * No call's name is used twice, also not after the server has lost its last moments, because nothing of it is kept
 * there. A job that was claimed by itself has the token `CALL.N:QUEUE`: it was the N-th such one of the call. One that
 * was claimed together with others has `N/CALL:QUEUE`: it is the N-th of the claim `CALL:QUEUE`.
 */
export class CallNames {
  readonly #start: string
  #count = 0

  constructor(openedAt: EpochMs, random: Random) {
    this.#start = `${Math.floor(openedAt).toString(36)}-${random.hex(2)}-`
  }

  next(): string {
    this.#count += 1
    return this.#start + this.#count.toString(36)
  }
}

const SLASH = 0x2f
const ZERO = 0x30

/** A job that was claimed together with others. */
export interface Share {
  readonly claim: string
  /** From 1, in the order of the queue. */
  readonly number: number
}

/** null for the token of a job that was claimed by itself. */
export function shareOf(token: string): Share | null {
  const slash = token.indexOf('/')
  if (slash < 0 || slash > token.indexOf(':')) return null
  const number = Number(token.slice(0, slash))
  return number >= 1 ? { claim: token.slice(slash + 1), number } : null
}

/**
 * The number of a token in this claim, 0 when it is not in it: what `shareOf` says, without a new text for each of a
 * hundred jobs of one claim.
 */
export function numberIn(token: string, claim: string): number {
  const slash = token.length - claim.length - 1
  if (slash < 1 || token.charCodeAt(slash) !== SLASH || !token.endsWith(claim)) return 0
  let number = 0
  for (let at = 0; at < slash; at++) {
    const digit = token.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return 0
    number = number * 10 + digit
  }
  return number
}

export function tokenOf({ claim, number }: Share): string {
  return `${number}/${claim}`
}

/** The queue of a token; null when the text is no token. */
export function queueOf(token: string): string | null {
  const colon = token.indexOf(':')
  return colon < 0 ? null : token.slice(colon + 1)
}

/** Orders tokens of one worker by the time of their claims. */
export function byClaim(a: string, b: string): number {
  const left = partsOf(a)
  const right = partsOf(b)
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function partsOf(token: string): number[] {
  const share = shareOf(token)
  const [, openedAt = '', count = '', single = '0'] =
    /^(\w+)-\w+-(\w+)(?:\.(\d+))?:/.exec(share?.claim ?? token) ?? []
  // Of one queue, a call claims jobs either together or each by itself.
  return [Number.parseInt(openedAt, 36), Number.parseInt(count, 36), share?.number ?? 0, Number(single)].map(
    (part) => (Number.isNaN(part) ? 0 : part),
  )
}

import type { EpochMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'

/**
 * Tokens are `CALL.N:QUEUE`: the N-th job of one call, and the queue that it was taken from. A call is
 * `OPENED-RANDOM-COUNT`: when its store was opened, chance against a twin, and its number since then. No call's
 * name is used twice, also not after the server has lost its last moments, because nothing of it is kept there.
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
  const [call = '', rest = ''] = [token.slice(0, token.indexOf('.')), token.slice(token.indexOf('.') + 1)]
  const [openedAt = '', , count = ''] = call.split('-')
  return [Number.parseInt(openedAt, 36), Number.parseInt(count, 36), Number.parseInt(rest, 10)].map((part) =>
    Number.isNaN(part) ? 0 : part,
  )
}

import type { Claim } from '../store/exchange.ts'
import type { Store } from '../store/store.ts'

/** Fewer jobs are sooner run than a call is made for them: of ten that do nothing, halves cost as much as they save. */
const LEAST_JOBS = 10
/** Characters of payloads: about what one read from a socket brings. Larger portions gained nothing. */
const MOST_LENGTH = 64 * 1024

export interface ArrivalsParams {
  /** Jobs that begin in one turn of the event loop, at most; see `portionOf`. */
  readonly portion: number
  readonly begin: (claim: Claim) => void
  /** A portion has begun a turn after its claims came. */
  readonly begun: () => void
}

/**
 * Claims on their way to their slots: more than a portion waits for the next turns of the event loop.
 *
 * So the results of a first portion are with the store while the second one runs. Also two answers that came together,
 * because this process stood still for a moment, part again here; else they would go on together.
 */
export class Arrivals {
  readonly #params: ArrivalsParams
  #waiting: Claim[] = []
  /** Jobs that have begun in this turn, and the length of their payloads. */
  #jobs = 0
  #length = 0
  #isTurnWatched = false

  constructor(params: ArrivalsParams) {
    this.#params = params
  }

  get count(): number {
    return this.#waiting.length
  }

  has(token: string): boolean {
    return this.#waiting.some((claim) => claim.token === token)
  }

  add(claims: readonly Claim[]): void {
    const { portion, begin } = this.#params
    if (portion === EVERYTHING) {
      for (const claim of claims) begin(claim)
      return
    }
    for (const claim of claims) {
      if (this.#jobs >= portion || this.#length >= MOST_LENGTH) this.#waiting.push(claim)
      else {
        this.#jobs += 1
        this.#length += claim.payload.length
        begin(claim)
      }
    }
    if (this.#jobs > 0 && !this.#isTurnWatched) this.#watchTurn()
  }

  #watchTurn(): void {
    this.#isTurnWatched = true
    setImmediate(() => {
      this.#isTurnWatched = false
      this.#jobs = 0
      this.#length = 0
      if (this.#waiting.length === 0) return
      this.add(this.#waiting.splice(0))
      this.#params.begun()
    })
  }
}

const EVERYTHING = Number.POSITIVE_INFINITY

/** Half of the slots where that is worth a call and somebody apart takes it; else everything. */
export function portionOf({ isApart }: Store, concurrency: number): number {
  const half = Math.ceil(concurrency / 2)
  return isApart && half >= LEAST_JOBS ? half : EVERYTHING
}

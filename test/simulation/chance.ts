import { type Random, seededRandom } from '../../src/kernel/random.ts'

/** Seeded draws in the words of a scenario. */
export class Chance {
  readonly random: Random

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.random.float() * (to - from + 1))
  }

  happens(probability: number): boolean {
    return this.random.float() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.int(0, values.length - 1)]!
  }

  /** A source of its own: what its user draws does not shift the draws of others. */
  fork(): Chance {
    return new Chance(this.int(0, 2 ** 31))
  }
}

import { type Spread, spread } from './statistics.ts'

/** One number of one run. */
export interface Sample {
  readonly measure: string
  readonly unit: string
  readonly subject: string
  readonly value: number
}

/** All numbers of a run, by measure and subject. */
export class Samples {
  readonly all: Sample[] = []
  readonly #order: readonly string[]

  /** @param order of the subjects in tables; others come after them */
  constructor(order: readonly string[]) {
    this.#order = order
  }

  add(sample: Sample): void {
    this.all.push(sample)
  }

  /** In the order in which they were first measured. */
  measures(): Array<{ readonly measure: string; readonly unit: string }> {
    const units = new Map(this.all.map(({ measure, unit }) => [measure, unit]))
    return [...units].map(([measure, unit]) => ({ measure, unit }))
  }

  subjects(measures: readonly string[]): string[] {
    const present = new Set(
      this.all.filter(({ measure }) => measures.includes(measure)).map(({ subject }) => subject),
    )
    return [...new Set([...this.#order, ...present])].filter((subject) => present.has(subject))
  }

  /** null when this was not measured. */
  spread(measure: string, subject: string): Spread | null {
    const values = this.#values({ measure, subject })
    return values.length === 0 ? null : spread(values)
  }

  median(measure: string, subject: string): number | null {
    return this.spread(measure, subject)?.median ?? null
  }

  /**
   * One figure as times another, round by round: what else the machine did in a round weighed on both. null when
   * one of them was not measured, or not in every round.
   */
  ratio(figure: Place, base: Place): Spread | null {
    const [above, below] = [this.#values(figure), this.#values(base)]
    if (above.length === 0 || above.length !== below.length) return null
    return spread(above.map((value, round) => value / below[round]!))
  }

  #values(place: Place): number[] {
    return this.all
      .filter(({ measure, subject }) => measure === place.measure && subject === place.subject)
      .map(({ value }) => value)
  }
}

/** Where a figure stands. */
export interface Place {
  readonly measure: string
  readonly subject: string
}

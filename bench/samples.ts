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

  add(sample: Sample): void {
    this.all.push(sample)
  }

  /** In the order in which they were first measured. */
  measures(): Array<{ readonly measure: string; readonly unit: string }> {
    const units = new Map(this.all.map(({ measure, unit }) => [measure, unit]))
    return [...units].map(([measure, unit]) => ({ measure, unit }))
  }

  subjects(measures: readonly string[]): string[] {
    return [
      ...new Set(this.all.filter(({ measure }) => measures.includes(measure)).map(({ subject }) => subject)),
    ]
  }

  /** null when this was not measured. */
  spread(measure: string, subject: string): Spread | null {
    const values = this.all
      .filter((sample) => sample.measure === measure && sample.subject === subject)
      .map(({ value }) => value)
    return values.length === 0 ? null : spread(values)
  }

  median(measure: string, subject: string): number | null {
    return this.spread(measure, subject)?.median ?? null
  }
}

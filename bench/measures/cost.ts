import type { Bench } from '../bench.ts'
import type { Subject } from '../subjects.ts'

/** What some jobs took. */
export interface Cost {
  readonly jobs: number
  readonly wallMs: number
  /** Of all workers together. */
  readonly cpuUs: number
}

export function recordCost(
  { samples }: Bench,
  { name: subject }: Subject,
  { measure, cost }: { readonly measure: string; readonly cost: Cost },
): void {
  const { jobs, wallMs, cpuUs } = cost
  samples.add({ measure, unit: 'jobs/s', subject, value: (jobs / wallMs) * 1000 })
  samples.add({ measure: `${measure}: worker CPU`, unit: 'µs/job', subject, value: cpuUs / jobs })
}

export const sum = (costs: readonly Cost[]): Cost =>
  costs.reduce((a, b) => ({
    ...{ jobs: a.jobs + b.jobs, wallMs: a.wallMs + b.wallMs, cpuUs: a.cpuUs + b.cpuUs },
  }))

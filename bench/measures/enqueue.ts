import { type Bench, drain, type Pair, SMALL } from '../bench.ts'

const IN_FLIGHT = 100
/** Calls in flight share round trips in some systems: more jobs for the same time. */
const MORE_IN_FLIGHT = 5
const LEAST_JOBS = 50
const DRAIN_CONCURRENCY = 100

/** Jobs a second that one process enqueues, awaited one by one and many calls at a time. In bulk: see processing.ts. */
export async function measureEnqueue(
  { plan, samples }: Bench,
  { subject, producer, worker }: Pair,
): Promise<void> {
  const singles = Math.max(LEAST_JOBS, Math.round(subject.singles * plan.share))
  const ways = [
    { measure: 'enqueue, one by one', inFlight: 1, from: 0, jobs: singles },
    {
      measure: `enqueue, ${IN_FLIGHT} in flight`,
      ...{ inFlight: IN_FLIGHT, from: singles, jobs: singles * MORE_IN_FLIGHT },
    },
  ]
  for (const { measure, ...way } of ways) {
    const { wallMs } = await producer.ask({ ask: 'enqueue', padding: SMALL, ...way })
    samples.add({ measure, unit: 'jobs/s', subject: subject.name, value: (way.jobs / wallMs) * 1000 })
  }
  const concurrency = Math.min(DRAIN_CONCURRENCY, subject.mostConcurrency)
  await drain(worker, { concurrency, jobs: singles * (1 + MORE_IN_FLIGHT) })
  await subject.server?.clear()
}

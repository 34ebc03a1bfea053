import { type Bench, drain, type Pair, SMALL } from '../bench.ts'

const IN_FLIGHT = 100
/** Calls in flight share round trips in some systems, and bulk calls do in all: more jobs for the same time. */
const MORE_IN_FLIGHT = 5
const MORE_IN_BULK = 10

/** Jobs a second that one process enqueues: awaited one by one, many calls at a time, and in bulk. */
export async function measureEnqueue(
  { plan, samples }: Bench,
  { subject, producer, worker }: Pair,
): Promise<void> {
  const singles = Math.max(50, Math.round(subject.singles * plan.share))
  const ways = [
    { measure: 'enqueue, one by one', ask: 'enqueue', inFlight: 1, jobs: singles },
    {
      measure: 'enqueue, 100 in flight',
      ask: 'enqueue',
      inFlight: IN_FLIGHT,
      jobs: singles * MORE_IN_FLIGHT,
    },
    {
      measure: 'enqueue, bulk of 1,000',
      ask: 'enqueueMany',
      inFlight: 1,
      jobs: Math.max(5_000, singles * MORE_IN_BULK),
    },
  ] as const
  for (const { measure, ask, inFlight, jobs } of ways) {
    const { wallMs } = await producer.ask({ ask, jobs, padding: SMALL, inFlight })
    samples.add({ measure, unit: 'jobs/s', subject: subject.name, value: (jobs / wallMs) * 1000 })
    await drain(worker, { concurrency: Math.min(100, subject.mostConcurrency), jobs })
    await subject.server?.clear()
  }
}

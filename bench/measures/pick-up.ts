import { type Bench, demandOnce, type Pair } from '../bench.ts'
import { quantile } from '../statistics.ts'
import { QUEUE } from '../system.ts'

const CONCURRENCY = 10
/**
 * Idle: each job finds a worker with nothing to do. Half load: a job of 50 ms every 10 ms keeps five of ten slots busy.
 */
const LOADS = [
  { name: 'idle', pauseMs: 20, waitMs: 0 },
  { name: 'half load', pauseMs: 10, waitMs: 50 },
]

/** How soon after the call that enqueues it a job begins. Capstan watches three queues. */
export async function measurePickUp({ plan, samples }: Bench, pair: Pair): Promise<void> {
  const { subject, producer, worker } = pair
  const jobs = plan.pickUps
  const queues = subject.kind === 'capstan' ? ['first', 'second', QUEUE] : [QUEUE]
  for (const { name, pauseMs, waitMs } of LOADS) {
    const request = { concurrency: CONCURRENCY, queues, ids: jobs, wanted: jobs, waitMs, times: true }
    await worker.ask({ ask: 'work', ...request })
    const { sentMs } = await producer.ask({ ask: 'drip', jobs, pauseMs })
    await worker.ask({ ask: 'reached' })
    const report = await worker.ask({ ask: 'stop' })
    demandOnce(subject.name, report.runs)
    const waits = report.begunMs.map((begun, id) => begun - sentMs[id]!).sort((a, b) => a - b)
    const add = (share: number) => {
      const measure = `pick-up, ${name}, p${share * 100}`
      samples.add({ measure, unit: 'ms', subject: subject.name, value: quantile(waits, share) })
    }
    add(0.5)
    add(0.99)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, demandOnce, type Pair } from '../bench.ts'
import { quantile } from '../statistics.ts'
import { QUEUE } from '../system.ts'

/** Long enough for a worker to be idle again. */
const PAUSE_MS = 20
/** After its start a worker is busy with itself. */
const SETTLE_MS = 1_000
const CONCURRENCY = 10

/** How soon an idle worker begins a job, and what it asks of the server while there is none. Capstan watches three queues. */
export async function measureIdle({ plan, samples }: Bench, pair: Pair): Promise<void> {
  const { subject, producer, worker } = pair
  const jobs = plan.pickUps
  const queues = subject.kind === 'capstan' ? ['first', 'second', QUEUE] : [QUEUE]
  const request = { concurrency: CONCURRENCY, queues, ids: jobs, wanted: jobs, waitMs: 0, times: true }
  const add = (measure: string, unit: string, value: number) =>
    samples.add({ measure, unit, subject: subject.name, value })

  await worker.ask({ ask: 'work', ...request })
  if (subject.kind !== 'limit') {
    await sleep(SETTLE_MS)
    const before = await subject.server?.read()
    await sleep(plan.idleMs)
    const after = await subject.server?.read()
    // One command is the reading itself.
    if (before && after)
      add('idle worker', 'commands/s', ((after.commands - before.commands - 1) / plan.idleMs) * 1000)
  }
  const { sentMs } = await producer.ask({ ask: 'drip', jobs, pauseMs: PAUSE_MS })
  await worker.ask({ ask: 'reached' })
  const report = await worker.ask({ ask: 'stop' })
  demandOnce(subject.name, report.runs)
  const waits = report.begunMs.map((begun, id) => begun - sentMs[id]!).sort((a, b) => a - b)
  add('pick-up, p50', 'ms', quantile(waits, 0.5))
  add('pick-up, p99', 'ms', quantile(waits, 0.99))
}

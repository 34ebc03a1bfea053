import { type Bench, demandOnce, fill, type Pair, SMALL } from '../bench.ts'
import { QUEUE } from '../system.ts'
import { type Cost, recordCost, sum } from './cost.ts'

const CONCURRENCY = 100
/** With few jobs a round is short; so many of them at most. */
const MOST_LOTS = 10

/** Whether a job costs the same behind a long queue and beside many queues. */
export async function measureGrowth(bench: Bench, pair: Pair): Promise<void> {
  const { subject } = pair
  const { growthJobs, backlogs, queueCounts } = bench.plan
  for (const backlog of backlogs) {
    const wanted = Math.min(growthJobs, backlog)
    const lots = Math.max(1, Math.min(MOST_LOTS, Math.round(growthJobs / backlog)))
    const costs: Cost[] = []
    for (let lot = 0; lot < lots; lot++)
      costs.push(await takeFrom(pair, { backlog, wanted, queues: [QUEUE] }))
    recordCost(bench, subject, { measure: `backlog: ${backlog.toLocaleString('en')}`, cost: sum(costs) })
  }
  for (const count of queueCounts) {
    const queues = [...Array.from({ length: count - 1 }, (_, i) => `empty-${i}`), QUEUE]
    const cost = await takeFrom(pair, { backlog: growthJobs, wanted: growthJobs, queues })
    recordCost(bench, subject, { measure: `queues: ${count}`, cost })
  }
}

interface Taking {
  readonly backlog: number
  readonly wanted: number
  readonly queues: readonly string[]
}

/** Fills the queue, runs as many of its jobs as are wanted, and clears the rest. */
async function takeFrom(pair: Pair, { backlog, wanted, queues }: Taking): Promise<Cost> {
  const { producer, worker, subject } = pair
  await fill(producer, { jobs: backlog, padding: SMALL })
  const jobs = { ids: backlog, wanted, waitMs: 0, times: false }
  await worker.ask({ ask: 'work', concurrency: CONCURRENCY, queues, ...jobs })
  await worker.ask({ ask: 'reached' })
  const report = await worker.ask({ ask: 'stop' })
  await subject.server?.clear()
  // Of a longer backlog some more may have run until the stop, but none twice.
  demandOnce(worker.name, wanted === backlog ? report.runs : report.runs.replaceAll('0', ''))
  return { jobs: wanted, wallMs: report.lastMs - report.firstMs, cpuUs: report.cpuUs }
}

import { type Bench, demandOnce, fill, type Pair, SMALL } from '../bench.ts'
import { QUEUE } from '../system.ts'
import { type Cost, recordCost, sum } from './cost.ts'

const CONCURRENCY = 100
/** Jobs of one push of the producer. */
const PUSH = 1_000

/** Whether a job costs the same behind a long queue and beside many queues. */
export async function measureGrowth(bench: Bench, pair: Pair): Promise<void> {
  const { subject } = pair
  const { growthJobs, backlogs, queueCounts } = bench.plan
  for (const backlog of backlogs) {
    const cost =
      backlog <= PUSH ? await takePushes(pair, growthJobs) : await takeLots(pair, backlog, growthJobs)
    recordCost(bench, subject, { measure: `backlog: ${backlog.toLocaleString('en')}`, cost })
  }
  for (const count of queueCounts) {
    const queues = [...Array.from({ length: count - 1 }, (_, i) => `empty-${i}`), QUEUE]
    const cost = await takeFrom(pair, { filled: growthJobs, wanted: growthJobs, queues })
    recordCost(bench, subject, { measure: `queues: ${count}`, cost })
  }
}

/**
 * A backlog of one push is gone before a worker that begins is at its best: here the worker is up, and each push
 * comes when it has about done with the last.
 */
function takePushes(pair: Pair, jobs: number): Promise<Cost> {
  return takeFrom(pair, { filled: 0, wanted: jobs, queues: [QUEUE] })
}

/** As many backlogs of this length as have the jobs to measure; of a longer one a part. */
async function takeLots(pair: Pair, backlog: number, jobs: number): Promise<Cost> {
  const costs: Cost[] = []
  for (let taken = 0; taken < jobs; taken += backlog)
    costs.push(await takeFrom(pair, { filled: backlog, wanted: Math.min(jobs, backlog), queues: [QUEUE] }))
  return sum(costs)
}

interface Taking {
  /** So many jobs wait when the worker begins; as many as are wanted come in any case. */
  readonly filled: number
  readonly wanted: number
  readonly queues: readonly string[]
}

/** Runs as many jobs as are wanted, and clears the rest. */
async function takeFrom(pair: Pair, { filled, wanted, queues }: Taking): Promise<Cost> {
  const { producer, worker, subject } = pair
  const ids = Math.max(filled, wanted)
  if (filled > 0) await fill(producer, { jobs: filled, padding: SMALL })
  const request = { ids, wanted, waitMs: 0, times: false }
  await worker.ask({ ask: 'work', concurrency: CONCURRENCY, queues, ...request })
  if (filled < wanted) await fill(producer, { jobs: wanted - filled, padding: SMALL })
  await worker.ask({ ask: 'reached' })
  const report = await worker.ask({ ask: 'stop' })
  await subject.server?.clear()
  // Of a longer backlog some more may have run until the stop, but none twice.
  demandOnce(worker.name, wanted === ids ? report.runs : report.runs.replaceAll('0', ''))
  return { jobs: wanted, wallMs: report.lastMs - report.firstMs, cpuUs: report.cpuUs }
}

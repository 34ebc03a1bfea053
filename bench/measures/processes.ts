import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, demandOnce, drain, fill, type Pair, SMALL } from '../bench.ts'
import { Child } from '../child-process.ts'
import type { LedgerReport } from '../ledger.ts'
import { QUEUE } from '../system.ts'
import { type Cost, recordCost } from './cost.ts'

const CONCURRENCY = 10
/** Of one process: twenty of them have to find room. */
const MOST_JOBS = 80_000
/** What a young process costs by its age falls most with the first shares: its code is compiled by then. */
const WARM_SHARES = 2
const POLL_MS = 10
/** More than a minute: somebody is stuck. */
const MOST_POLLS = 6_000

/**
 * Jobs a second that several worker processes run together, on one machine and one store. Each has run some shares alone
 * before: what a young process costs is no matter of how many there are.
 */
export async function measureProcesses(bench: Bench, pair: Pair): Promise<void> {
  const { subject, producer, worker } = pair
  const { processCounts, peerProcessCounts, share } = bench.plan
  const jobsEach = Math.round(Math.min(MOST_JOBS, subject.jobs(CONCURRENCY)) * share)
  const workers = [worker]
  try {
    for (const count of subject.kind === 'peer' ? peerProcessCounts : processCounts) {
      while (workers.length < count) workers.push(await warmWorker(pair, jobsEach))
      const jobs = jobsEach * count
      await fill(producer, { jobs, padding: SMALL })
      const measure = `processes: ${count}`
      const before = await subject.server?.read()
      const cost = await runTogether(workers, jobs)
      const after = await subject.server?.read()
      await subject.server?.clear()
      recordCost(bench, subject, { measure, cost })
      if (before && after) {
        const value = (after.cpuUs - before.cpuUs) / jobs
        bench.samples.add({ measure: `${measure}: server CPU`, unit: 'µs/job', subject: subject.name, value })
      }
    }
  } finally {
    await Promise.all(workers.slice(1).map((child) => child.end()))
  }
}

async function warmWorker({ subject, producer }: Pair, jobs: number): Promise<Child> {
  const [child] = await Child.start(subject.name, subject.argv)
  for (let shares = 0; shares < WARM_SHARES; shares++) {
    await fill(producer, { jobs, padding: SMALL })
    await drain(child, { concurrency: CONCURRENCY, jobs })
    await subject.server?.clear()
  }
  return child
}

async function runTogether(workers: readonly Child[], jobs: number): Promise<Cost> {
  const request = { concurrency: CONCURRENCY, ids: jobs, waitMs: 0, times: false, queues: [QUEUE] }
  // Nobody knows how many jobs will be whose.
  await Promise.all(workers.map((worker) => worker.ask({ ask: 'work', ...request, wanted: -1 })))
  const ended = async () => {
    const counts = await Promise.all(workers.map((worker) => worker.ask({ ask: 'count' })))
    return counts.reduce((total, count) => total + count.ended, 0)
  }
  for (let polls = 0; (await ended()) < jobs; polls++) {
    if (polls === MOST_POLLS) throw new Error(`${workers[0]!.name}: not all of ${jobs} jobs ran`)
    await sleep(POLL_MS)
  }
  await Promise.all(workers.map((worker) => worker.ask({ ask: 'readings' })))
  const reports = await Promise.all(workers.map((worker) => worker.ask({ ask: 'stop' })))
  demandOnce(workers[0]!.name, merged(reports, jobs))
  const busy = reports.filter(({ firstMs }) => firstMs > 0)
  const wallMs =
    Math.max(...busy.map(({ lastMs }) => lastMs)) - Math.min(...busy.map(({ firstMs }) => firstMs))
  return { jobs, wallMs, cpuUs: busy.reduce((total, { cpuUs }) => total + cpuUs, 0) }
}

/** How often each job ran, whoever ran it. */
function merged(reports: readonly LedgerReport[], jobs: number): string {
  const runsOf = (id: number) => reports.reduce((times, { runs }) => times + Number(runs[id]), 0)
  return Array.from({ length: jobs }, (_, id) => runsOf(id)).join('')
}

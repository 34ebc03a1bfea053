import { type Bench, demandOnce, drain, endPair, SMALL, startPair } from '../bench.ts'
import { Child } from '../child-process.ts'
import type { LedgerReport } from '../ledger.ts'
import type { Subject } from '../subjects.ts'
import { QUEUE } from '../system.ts'

const CONCURRENCY = 100
/** With few jobs a round is short; so many of them at most. */
const MOST_LOTS = 10
const POLL_MS = 10

interface Cost {
  readonly jobs: number
  readonly wallMs: number
  readonly cpuUs: number
}

/** Whether a job costs the same behind a long queue, beside many queues, and in several processes. */
export async function measureGrowth(bench: Bench, subject: Subject): Promise<void> {
  const pair = await startPair(subject)
  const add = (measure: string, { jobs, wallMs, cpuUs }: Cost) => {
    bench.samples.add({ measure, unit: 'jobs/s', subject: subject.name, value: (jobs / wallMs) * 1000 })
    bench.samples.add({
      measure: `${measure}: worker CPU`,
      unit: 'µs/job',
      subject: subject.name,
      value: cpuUs / jobs,
    })
  }
  const enqueue = (jobs: number) =>
    pair.producer.ask({ ask: 'enqueueMany', jobs, padding: SMALL, inFlight: 1 })
  const jobs = bench.plan.growthJobs
  // Warm: the first measure must not pay for the compiler.
  await enqueue(jobs)
  await drain(pair.worker, { concurrency: CONCURRENCY, jobs })
  for (const backlog of bench.plan.backlogs) {
    const lots = Math.max(1, Math.min(MOST_LOTS, Math.round(jobs / backlog)))
    const costs: Cost[] = []
    for (let lot = 0; lot < lots; lot++) {
      await enqueue(backlog)
      costs.push(await takeFrom(pair.worker, { backlog, wanted: Math.min(jobs, backlog), queues: [QUEUE] }))
      await subject.server?.clear()
    }
    add(`backlog of ${backlog.toLocaleString('en')}`, sum(costs))
  }
  for (const count of bench.plan.queueCounts) {
    await enqueue(jobs)
    const queues = [...Array.from({ length: count - 1 }, (_, i) => `empty-${i}`), QUEUE]
    add(`${count} queues`, await takeFrom(pair.worker, { backlog: jobs, wanted: jobs, queues }))
    await subject.server?.clear()
  }
  for (const count of bench.plan.processCounts) {
    await enqueue(jobs)
    add(`${count} processes`, await together(subject, count, jobs))
    await subject.server?.clear()
  }
  await endPair(pair)
}

interface Taking {
  readonly backlog: number
  readonly wanted: number
  readonly queues: readonly string[]
}

async function takeFrom(worker: Child, { backlog, wanted, queues }: Taking): Promise<Cost> {
  await worker.ask({
    ask: 'work',
    concurrency: CONCURRENCY,
    queues,
    ids: backlog,
    wanted,
    waitMs: 0,
    times: false,
  })
  await worker.ask({ ask: 'reached' })
  const report = await worker.ask({ ask: 'stop' })
  // Of a longer backlog some more may have run until the stop, but none twice.
  if (wanted === backlog) demandOnce(worker.name, report.runs)
  else demandOnce(worker.name, report.runs.replaceAll('0', ''))
  return { jobs: wanted, wallMs: report.lastMs - report.firstMs, cpuUs: report.cpuUs }
}

async function together(subject: Subject, count: number, jobs: number): Promise<Cost> {
  const workers: Child[] = []
  for (let i = 0; i < count; i++) workers.push((await Child.start(`${subject.name} ${i}`, subject.argv))[0])
  const request = {
    concurrency: CONCURRENCY,
    ids: jobs,
    wanted: -1,
    waitMs: 0,
    times: false,
    queues: [QUEUE],
  }
  await Promise.all(workers.map((worker) => worker.ask({ ask: 'work', ...request })))
  for (;;) {
    const counts = await Promise.all(workers.map((worker) => worker.ask({ ask: 'count' })))
    if (counts.reduce((total, { ended }) => total + ended, 0) >= jobs) break
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  await Promise.all(workers.map((worker) => worker.ask({ ask: 'readings' })))
  const reports = await Promise.all(workers.map((worker) => worker.ask({ ask: 'stop' })))
  await Promise.all(workers.map((worker) => worker.end()))
  demandOnce(subject.name, merged(reports, jobs))
  const busy = reports.filter(({ firstMs }) => firstMs > 0)
  return {
    jobs,
    wallMs: Math.max(...busy.map(({ lastMs }) => lastMs)) - Math.min(...busy.map(({ firstMs }) => firstMs)),
    cpuUs: busy.reduce((total, { cpuUs }) => total + cpuUs, 0),
  }
}

function merged(reports: readonly LedgerReport[], jobs: number): string {
  return Array.from({ length: jobs }, (_, id) =>
    reports.reduce((times, { runs }) => times + Number(runs[id]), 0),
  ).join('')
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce((a, b) => ({
    ...{ jobs: a.jobs + b.jobs, wallMs: a.wallMs + b.wallMs, cpuUs: a.cpuUs + b.cpuUs },
  }))
}

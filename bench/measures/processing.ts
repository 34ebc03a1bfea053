import { type Bench, drain, fill, LARGE, type Pair, SMALL } from '../bench.ts'
import type { LedgerReport } from '../ledger.ts'
import type { ServerReading } from '../servers/server.ts'

interface Setting {
  readonly name: string
  readonly concurrency: number
  readonly padding: number
  readonly waitMs: number
}

const noop = (concurrency: number): Setting => ({
  ...{ name: `C=${concurrency}`, concurrency, padding: SMALL, waitMs: 0 },
})
/** Its jobs are those by which enqueuing in bulk is measured. */
const BULK = noop(10)

export const SETTINGS: readonly Setting[] = [
  ...[noop(1), BULK, noop(100), noop(1_000)],
  { name: 'C=100, 4 KB', concurrency: 100, padding: LARGE, waitMs: 0 },
  { name: 'C=50, 5 ms wait', concurrency: 50, padding: SMALL, waitMs: 5 },
  { name: 'C=50, 50 ms wait', concurrency: 50, padding: SMALL, waitMs: 50 },
]

/** The clock starts with the first job and so leaves out the first fetch: this makes it one of many. */
const LEAST_BATCHES = 10

/** Jobs a second that one worker process runs, and what each costs it and the server. */
export async function measureProcessing(bench: Bench, pair: Pair, setting: Setting): Promise<void> {
  const { subject, producer, worker } = pair
  const { concurrency, padding, waitMs } = setting
  if (concurrency > subject.mostConcurrency) return
  const jobs = jobsOf(setting, pair, bench)
  const { wallMs } = await fill(producer, { jobs, padding })
  if (setting === BULK) {
    const value = (jobs / wallMs) * 1000
    bench.samples.add({ measure: 'enqueue, bulk of 1,000', unit: 'jobs/s', subject: subject.name, value })
  }
  const before = await subject.server?.read()
  const report = await drain(worker, { concurrency, jobs, waitMs })
  const after = await subject.server?.read()
  await subject.server?.clear()
  recordWorker(bench, pair, { setting, report, jobs })
  if (before && after) recordServer(bench, pair, { setting, jobs, before, after })
}

function jobsOf({ concurrency, waitMs }: Setting, { subject }: Pair, { plan }: Bench): number {
  // Of large payloads as many as of small ones: what the first of them cost weighs the same then.
  const noops = subject.jobs(concurrency)
  if (waitMs > 0) return Math.round(Math.min(noops, (concurrency * 1_000) / waitMs) * plan.share)
  return Math.max(Math.round(noops * plan.share), LEAST_BATCHES * subject.batch(concurrency))
}

interface WorkerRun {
  readonly setting: Setting
  readonly report: LedgerReport
  readonly jobs: number
}

function recordWorker({ samples }: Bench, { subject }: Pair, { setting, report, jobs }: WorkerRun): void {
  const { name } = setting
  const add = (measure: string, unit: string, value: number) =>
    samples.add({ measure: `${measure}, ${name}`, unit, subject: subject.name, value })
  add('process', 'jobs/s', (jobs / (report.lastMs - report.firstMs)) * 1000)
  add('worker CPU', 'µs/job', report.cpuUs / jobs)
}

interface ServerRun {
  readonly setting: Setting
  readonly jobs: number
  readonly before: ServerReading
  readonly after: ServerReading
}

function recordServer({ samples }: Bench, { subject }: Pair, run: ServerRun): void {
  const { before, after, jobs, setting } = run
  const add = (measure: string, unit: string, total: number) =>
    samples.add({ measure: `${measure}, ${setting.name}`, unit, subject: subject.name, value: total / jobs })
  add('server CPU', 'µs/job', after.cpuUs - before.cpuUs)
  add('commands', 'per job', after.commands - before.commands)
  if (after.roundTrips !== null) add('round trips', 'per job', after.roundTrips - before.roundTrips!)
  if (after.bytes !== null) add('bytes', 'per job', after.bytes - before.bytes!)
}

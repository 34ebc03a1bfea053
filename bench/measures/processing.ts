import { type Bench, drain, LARGE, type Pair, SMALL } from '../bench.ts'
import type { LedgerReport } from '../ledger.ts'
import type { ServerReading } from '../servers/server.ts'

interface Setting {
  readonly name: string
  readonly concurrency: number
  readonly padding: number
  readonly waitMs: number
}

export const SETTINGS: readonly Setting[] = [
  ...[1, 10, 100, 1000].map((concurrency) => ({
    ...{ name: `C=${concurrency}`, concurrency, padding: SMALL, waitMs: 0 },
  })),
  { name: 'C=100, 4 KB', concurrency: 100, padding: LARGE, waitMs: 0 },
  { name: 'C=100, 5 ms wait', concurrency: 100, padding: SMALL, waitMs: 5 },
]

/** Large payloads and waits make jobs slower: fewer of them for the same time. */
const FEWER = 4

/** Jobs a second that one worker process runs, and what each costs it and the server. */
export async function measureProcessing(bench: Bench, pair: Pair, setting: Setting): Promise<void> {
  const { subject, producer, worker } = pair
  const { concurrency, padding, waitMs } = setting
  if (concurrency > subject.mostConcurrency) return
  const full = subject.jobs(concurrency) * bench.plan.share
  const jobs = Math.round(padding === LARGE || waitMs > 0 ? full / FEWER : full)
  await producer.ask({ ask: 'enqueueMany', jobs, padding, inFlight: 1 })
  const before = await subject.server?.read()
  const report = await drain(worker, { concurrency, jobs, waitMs })
  const after = await subject.server?.read()
  await subject.server?.clear()
  recordWorker(bench, pair, { setting, report, jobs })
  if (before && after) recordServer(bench, pair, { setting, jobs, before, after })
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

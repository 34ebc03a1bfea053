import { Child } from './child-process.ts'
import type { LedgerReport } from './ledger.ts'
import type { Plan } from './plan.ts'
import type { Samples } from './samples.ts'
import type { Servers, Subject } from './subjects.ts'
import { QUEUE } from './system.ts'

/** What every measure gets. */
export interface Bench {
  readonly plan: Plan
  readonly servers: Servers
  readonly subjects: readonly Subject[]
  readonly samples: Samples
  /** What went wrong with peers, for the report. */
  readonly remarks: string[]
  /** Tells the person who waits. */
  readonly say: (text: string) => void
}

/** Brings what a measure needs into the arguments of each job: with it a payload has about 250 bytes. */
export const SMALL = 100
/** With it, about 4 KiB. */
export const LARGE = 3_950

export interface Pair {
  readonly subject: Subject
  readonly producer: Child
  readonly worker: Child
}

/** A process that enqueues and a process that works. */
export async function startPair(subject: Subject): Promise<Pair> {
  // One after the other: both may set up tables.
  const [producer] = await Child.start(`${subject.name}, enqueuing`, subject.argv)
  const [worker] = await Child.start(`${subject.name}, working`, subject.argv)
  return { subject, producer, worker }
}

export async function endPair({ producer, worker }: Pair): Promise<void> {
  await Promise.all([producer.end(), worker.end()])
}

export interface Drain {
  readonly concurrency: number
  readonly jobs: number
  readonly waitMs?: number
}

/** Puts so many jobs into the queue, in bulk. */
export function fill(producer: Child, { jobs, padding }: { jobs: number; padding: number }) {
  return producer.ask({ ask: 'enqueueMany', jobs, from: 0, padding, inFlight: 1 })
}

/** Runs jobs that wait in the queue already, all of them, and makes sure that each ran exactly once. */
export async function drain(worker: Child, { concurrency, jobs, waitMs = 0 }: Drain): Promise<LedgerReport> {
  const request = { concurrency, ids: jobs, wanted: jobs, waitMs, times: false, queues: [QUEUE] }
  await worker.ask({ ask: 'work', ...request })
  await worker.ask({ ask: 'reached' })
  const report = await worker.ask({ ask: 'stop' })
  demandOnce(worker.name, report.runs)
  return report
}

/** @throws Error when a job did not run, or ran twice */
export function demandOnce(name: string, runs: string): void {
  if (/^1*$/.test(runs)) return
  const never = runs.split('0').length - 1
  throw new Error(`${name}: of ${runs.length} jobs ${never} did not run, and others ran more than once`)
}

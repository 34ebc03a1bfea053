import { type Bench, drain, endPair, SMALL, startPair } from '../bench.ts'
import type { Subject } from '../subjects.ts'

const MIB = 1024 * 1024
const CONCURRENCY = 100
/** Peers get fewer jobs: as many as they run in about the same time. */
const PEER_SHARE = 0.1

/** What a worker process occupies after the first portion of jobs and after the last. */
export async function measureMemory({ plan, samples }: Bench, subject: Subject): Promise<void> {
  const pair = await startPair(subject)
  const { portions } = plan.memory
  const jobs = Math.round(plan.memory.jobs * (subject.kind === 'capstan' ? 1 : PEER_SHARE))
  const concurrency = Math.min(CONCURRENCY, subject.mostConcurrency)
  const add = (measure: string, bytes: number) =>
    samples.add({ measure, unit: 'MiB', subject: subject.name, value: bytes / MIB })
  for (let portion = 1; portion <= portions; portion++) {
    await pair.producer.ask({ ask: 'enqueueMany', jobs, padding: SMALL, inFlight: 1 })
    const { rssBytes } = await drain(pair.worker, { concurrency, jobs })
    await subject.server?.clear()
    // The first portion fills the heap up to where collecting begins; growth is what comes after the half.
    if (portion === Math.ceil(portions / 2)) add('memory, after half of the jobs', rssBytes)
    if (portion === portions) add('memory, after all of the jobs', rssBytes)
  }
  await endPair(pair)
}

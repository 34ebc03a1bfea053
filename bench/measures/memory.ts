import { type Bench, drain, fill, type Pair, SMALL } from '../bench.ts'

const MIB = 1024 * 1024
const CONCURRENCY = 100

/** What a worker process occupies after half of very many jobs and after all of them. For a pair that has done nothing yet. */
export async function measureMemory({ plan, samples }: Bench, pair: Pair): Promise<void> {
  const { subject } = pair
  const { portions, peerJobs } = plan.memory
  const jobs = subject.kind === 'peer' ? peerJobs : plan.memory.jobs
  const add = (measure: string, bytes: number) =>
    samples.add({ measure, unit: 'MiB', subject: subject.name, value: bytes / MIB })
  for (let portion = 1; portion <= portions; portion++) {
    const rssBytes = await runPortion(pair, jobs)
    // The first portion fills the heap up to where collecting begins; growth is what comes after the half.
    if (portion === Math.ceil(portions / 2)) add('memory, after half of the jobs', rssBytes)
    if (portion === portions) add('memory, after all of the jobs', rssBytes)
  }
}

/** Runs jobs for nothing: the first measure must not pay for the compiler. */
export async function warm({ plan }: Bench, pair: Pair): Promise<void> {
  await runPortion(pair, Math.round(pair.subject.jobs(CONCURRENCY) * plan.share))
}

async function runPortion({ subject, producer, worker }: Pair, jobs: number): Promise<number> {
  await fill(producer, { jobs, padding: SMALL })
  const { rssBytes } = await drain(worker, {
    concurrency: Math.min(CONCURRENCY, subject.mostConcurrency),
    jobs,
  })
  await subject.server?.clear()
  return rssBytes
}

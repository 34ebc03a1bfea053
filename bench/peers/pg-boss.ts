import type { BenchJob, OpenSystem, WorkerSetup } from '../system.ts'

interface Peer {
  readonly PgBoss: new (options: object) => PgBoss
}
interface PgBoss {
  on(event: 'error', listener: (error: Error) => void): void
  start(): Promise<unknown>
  stop(options: object): Promise<void>
  createQueue(name: string, options: object): Promise<void>
  send(name: string, data: BenchJob): Promise<unknown>
  insert(name: string, jobs: ReadonlyArray<{ data: BenchJob }>): Promise<unknown>
  work(
    name: string,
    options: object,
    run: (jobs: ReadonlyArray<{ data: BenchJob }>) => Promise<void>,
  ): Promise<string>
  offWork(name: string, options: object): Promise<void>
}

const { PgBoss } = (await import('pg-boss' as string)) as Peer

/** Jobs in one fetch at least: it pauses for half a second between fetches that bring a single job. */
const LEAST_BATCH = 100

/**
 * As its documentation advises for speed: workers woken by NOTIFY, fetching in batches without a pause while the
 * batches are full, jobs added by `insert`. A batch is run with as many jobs at a time as the concurrency says.
 *
 * @param address folder of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const boss = new PgBoss({ host: address, user: 'bench', database: 'postgres', useListenNotify: true })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  const known = new Set<string>()
  const know = async (queue: string) => {
    if (known.has(queue)) return
    await boss.createQueue(queue, { notify: true })
    known.add(queue)
  }
  return {
    async enqueue(job, queue) {
      await know(queue)
      return boss.send(queue, job)
    },
    async enqueueMany(jobs, queue) {
      await know(queue)
      return boss.insert(
        queue,
        jobs.map((data) => ({ data })),
      )
    },
    async startWorker(setup) {
      const queue = setup.queues.at(-1)!
      await know(queue)
      await startWorker(boss, queue, setup)
      return { stop: () => boss.offWork(queue, { wait: true }) }
    },
    close: () => boss.stop({ graceful: false }),
  }
}

async function startWorker(
  boss: PgBoss,
  queue: string,
  { concurrency, perform }: WorkerSetup,
): Promise<void> {
  const options = {
    batchSize: Math.max(LEAST_BATCH, concurrency),
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
  }
  await boss.work(queue, options, async (jobs) => {
    let next = 0
    const lane = async () => {
      while (next < jobs.length) await perform(jobs[next++]!.data.id)
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
  })
}

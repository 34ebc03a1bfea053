import type { BenchJob, OpenSystem, WorkerSetup } from '../system.ts'

interface Peer {
  readonly Queue: new (name: string, options: object) => Queue
  readonly Worker: new (
    name: string,
    run: (job: { data: BenchJob }) => Promise<void>,
    options: object,
  ) => Worker
}
interface Queue {
  waitUntilReady(): Promise<unknown>
  add(name: string, data: BenchJob, options: object): Promise<unknown>
  addBulk(jobs: ReadonlyArray<{ name: string; data: BenchJob; opts: object }>): Promise<unknown>
  close(): Promise<void>
}
interface Worker {
  on(event: 'error', listener: (error: Error) => void): void
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
}

// Not a literal: it is installed beside this file, and only when the benchmark has run once.
const { Queue, Worker } = (await import('bullmq' as string)) as Peer

/**
 * As its documentation advises: jobs removed when they are done, bulk additions by `addBulk`, a connection that
 * retries without end for the worker. Everything else as it is by itself.
 *
 * @param address path of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const connection = { path: address, maxRetriesPerRequest: null }
  const queues = new Map<string, Queue>()
  const queueOf = (name: string): Queue => {
    const queue = queues.get(name) ?? new Queue(name, { connection })
    queues.set(name, queue)
    return queue
  }
  const opts = { removeOnComplete: true, removeOnFail: true }
  return {
    enqueue: (data, queue) => queueOf(queue).add('noop', data, opts),
    enqueueMany: (jobs, queue) => queueOf(queue).addBulk(jobs.map((data) => ({ name: 'noop', data, opts }))),
    startWorker: (setup) => startWorker(setup, connection),
    async close() {
      for (const queue of queues.values()) await queue.close()
    },
  }
}

async function startWorker({ concurrency, queues, perform }: WorkerSetup, connection: object) {
  const worker = new Worker(
    queues.at(-1)!,
    async ({ data }) => {
      await perform(data.id)
    },
    { connection, concurrency, removeOnComplete: { count: 0 } },
  )
  worker.on('error', (error) => console.error(error))
  await worker.waitUntilReady()
  return { stop: () => worker.close() }
}

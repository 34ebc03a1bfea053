import type { BenchJob, OpenSystem, WorkerSetup } from '../system.ts'

interface Peer {
  readonly Logger: new (factory: () => () => void) => object
  makeWorkerUtils(options: object): Promise<Tools>
  run(options: object): Promise<{ stop(): Promise<void> }>
}
interface Tools {
  migrate(): Promise<void>
  addJob(task: string, payload: BenchJob): Promise<unknown>
  addJobs(jobs: ReadonlyArray<{ identifier: string; payload: BenchJob }>): Promise<unknown>
  release(): Promise<void>
}

const { Logger, makeWorkerUtils, run } = (await import('graphile-worker' as string)) as Peer

/** Jobs that a worker fetches ahead, as in the peer's own benchmark. */
const LOCAL_QUEUE = 500

/**
 * As its documentation advises for speed: a local queue filled in batches, completions written in batches, one
 * connection for each and one for NOTIFY.
 *
 * @param address folder of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const connectionString = `socket:${address}?db=postgres&user=bench`
  const logger = new Logger(() => () => {})
  const tools = await makeWorkerUtils({ connectionString, logger })
  await tools.migrate()
  return {
    enqueue: (job, queue) => tools.addJob(queue, job),
    enqueueMany: (jobs, queue) => tools.addJobs(jobs.map((payload) => ({ identifier: queue, payload }))),
    startWorker: (setup) => startWorker({ connectionString, logger }, setup),
    close: () => tools.release(),
  }
}

function startWorker(shared: object, { concurrency, queues, perform }: WorkerSetup) {
  return run({
    ...shared,
    concurrency,
    noHandleSignals: true,
    noPreparedStatements: false,
    taskList: { [queues.at(-1)!]: (job: unknown) => perform((job as BenchJob).id) },
    preset: {
      worker: {
        maxPoolSize: 10,
        localQueue: { size: Math.max(LOCAL_QUEUE, concurrency + 1) },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  })
}

/** A job of the benchmark: it does nothing, or waits, and says that it ran. */
export interface BenchJob {
  /** 0-based and dense, so that a ledger can tell whether each ran exactly once. */
  readonly id: number
  readonly padding: string
}

export interface WorkerSetup {
  readonly concurrency: number
  /** Which queues to watch, in order. Systems that measure one queue only use the last. */
  readonly queues: readonly string[]
  /** Runs one job. Returns nothing when it is done at once. */
  perform(id: number): Promise<void> | undefined
}

export interface RunningWorker {
  /** Lets running jobs end and what they left be written. */
  stop(): Promise<void>
}

/** An open connection to a system, in a process of its own. */
export interface OpenSystem {
  enqueue(job: BenchJob, queue: string): Promise<unknown>
  enqueueMany(jobs: readonly BenchJob[], queue: string): Promise<unknown>
  /** Resolves when the worker is ready for jobs. */
  startWorker(setup: WorkerSetup): Promise<RunningWorker>
  close(): Promise<void>
}

/** What each file in bench/systems/ and bench/peers/ exports as `open`. */
export type Opener = (address: string) => Promise<OpenSystem>

/** The queue of every measure; others only stand before it. */
export const QUEUE = 'bench'

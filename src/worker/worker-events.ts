import type { Settlement } from '../store/exchange.ts'
import type { Recovered } from '../store/transfer.ts'
import type { WorkerSignal } from '../store/worker-record.ts'
import type { JobResult } from './job-result.ts'
import type { RunningJob } from './running-job.ts'

export type WorkerState = 'starting' | 'running' | 'quiet' | 'draining' | 'stopped'

/** The moments of a worker that others may watch. Called at once and not awaited; they must not throw. */
export interface WorkerEvents {
  readonly state?: (state: WorkerState) => void
  readonly jobStarted?: (job: RunningJob) => void
  readonly jobEnded?: (job: RunningJob, result: JobResult, settlement: Settlement) => void
  readonly jobLost?: (job: RunningJob) => void
  readonly recovered?: (identity: string, jobs: readonly Recovered[]) => void
  /** An operator's message, taken with a heartbeat. The worker does not act on it: whoever made it decides. */
  readonly signalled?: (signal: WorkerSignal) => void
}

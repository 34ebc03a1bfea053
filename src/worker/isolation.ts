import type { JobResult } from './job-result.ts'
import type { RunningJob } from './running-job.ts'

/**
 * Runs jobs outside the worker's own thread. Never rejects: what goes wrong is the result.
 *
 * A cell runs one job at a time, so its death convicts that job and no other. One that did not come to life says
 * nothing about the job: `unstarted`.
 */
export interface Isolation {
  /** In a process of its own. `crashed` when that process dies under it. */
  runInProcess(job: RunningJob): Promise<JobResult>
  /** In a thread of its own, ended by force at `timeoutMs` (null: never). */
  runInThread(job: RunningJob, timeoutMs: number | null): Promise<JobResult>
  /** Ends all cells. */
  close(): Promise<void>
}

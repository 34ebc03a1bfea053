import { availableParallelism } from 'node:os'
import { isCharged } from '../../job/crash.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Isolation } from '../isolation.ts'
import { Cell } from './cell.ts'
import { type CellProgram, type StartCell, startProcess, startThread } from './cell-body.ts'
import { Pool } from './pool.ts'

/** A process is as large as its worker; a machine has room for a few more of them. */
const CELLS = 4

/** An unused thread holds some 10 MB; starting one takes as long as loading the application's jobs. */
const IDLE_THREAD_MS = 30_000

/** Suspects come in one lot, after a crash; then nobody needs their processes. */
const IDLE_PROCESS_MS = 1_000

export interface IsolationOptions extends CellProgram {
  /** The most processes, of either kind, and the most threads, at a time. Default `CELLS`. */
  readonly cells?: number
}

/**
 * Cells that run `options.entry`; no more of them start at a time than the machine can start without slowing each
 * other down. Suspects take turns in processes, so that a lot of innocents is cleared at the cost
 * of a few starts; but a job under which one has died gets a process that nobody used before it: what convicts it is
 * nothing but its own doing. Threads are kept for the next job. Both end when they were idle for a while.
 */
export function isolation(runtime: Runtime, options: IsolationOptions): Isolation {
  const pool = (start: StartCell, idleMs: number) =>
    new Pool(runtime, {
      start: () => new Cell(runtime, options, start),
      size: options.cells ?? CELLS,
      starts: availableParallelism(),
      idleMs,
    })
  const suspects = pool(startProcess, IDLE_PROCESS_MS)
  const charged = pool(startProcess, 0)
  const threads = pool(startThread, IDLE_THREAD_MS)
  return {
    runInProcess: (job) => (isCharged(job.payload) ? charged : suspects).run(job, null),
    runInThread: (job, timeoutMs) => threads.run(job, timeoutMs),
    async close() {
      await Promise.all([suspects.close(), charged.close(), threads.close()])
    },
  }
}

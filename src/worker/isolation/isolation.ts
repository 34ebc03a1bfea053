import type { Runtime } from '../../kernel/runtime.ts'
import type { Isolation } from '../isolation.ts'
import { Cell } from './cell.ts'
import { type CellProgram, startProcess, startThread } from './cell-body.ts'
import { Pool } from './pool.ts'

/** A process is as large as its worker; a machine has room for a few more of them. */
const CELLS = 4

export interface IsolationOptions extends CellProgram {
  /** The most processes, and the most threads, at a time. Default `CELLS`. */
  readonly cells?: number
}

/**
 * Cells that run `options.entry`. Processes are used once: a suspect is to be convicted by nothing but its own
 * doing. Threads are kept for the next job and ended when they were idle for a while.
 */
export function isolation(runtime: Runtime, options: IsolationOptions): Isolation {
  const size = options.cells ?? CELLS
  const processes = new Pool(runtime, {
    start: () => new Cell(runtime, options, startProcess),
    size,
    isReused: false,
  })
  const threads = new Pool(runtime, {
    start: () => new Cell(runtime, options, startThread),
    size,
    isReused: true,
  })
  return {
    runInProcess: (job) => processes.run(job, null),
    runInThread: (job, timeoutMs) => threads.run(job, timeoutMs),
    async close() {
      await Promise.all([processes.close(), threads.close()])
    },
  }
}

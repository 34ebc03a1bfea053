import type { Runtime } from '../../kernel/runtime.ts'
import type { JobResult } from '../job-result.ts'
import type { RunningJob } from '../running-job.ts'
import { brokenOff, type Cell, whenAborted } from './cell.ts'

export interface PoolOptions {
  readonly start: () => Cell
  /** The most cells at a time; further jobs wait. */
  readonly size: number
  /** How long a cell waits for its next job, which what the first left behind may disturb; 0: used once. */
  readonly idleMs: number
}

/** Cells of one kind, and the jobs that wait for one. */
export class Pool {
  readonly #runtime: Runtime
  readonly #options: PoolOptions
  readonly #cells = new Set<Cell>()
  readonly #idle = new Map<Cell, AbortController>()
  #waiting: Array<() => void> = []
  #isClosed = false

  constructor(runtime: Runtime, options: PoolOptions) {
    this.#runtime = runtime
    this.#options = options
  }

  async run(job: RunningJob, limitMs: number | null): Promise<JobResult> {
    const cell = await this.#cellFor(job)
    if (cell === null) return job.aborted === null ? { kind: 'interrupted' } : brokenOff(job.aborted)
    const result = await cell.run(job, limitMs)
    this.#giveBack(cell, job)
    return result
  }

  /** Ends all cells; what runs or waits is interrupted. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#wakeAll()
    for (const rest of this.#idle.values()) rest.abort()
    this.#idle.clear()
    await Promise.all([...this.#cells].map((cell) => cell.end()))
  }

  /** null: the job was told to break off, or the pool was closed, while it waited. */
  async #cellFor(job: RunningJob): Promise<Cell | null> {
    while (!this.#isClosed && job.aborted === null) {
      const cell = this.#free()
      if (cell !== null) return cell
      const served = new AbortController()
      const wake = () => served.abort()
      this.#waiting.push(wake)
      await whenAborted(job.signal, served.signal)
      this.#waiting = this.#waiting.filter((other) => other !== wake)
      // Aborted in the moment of being woken: the turn is somebody else's.
      if (job.aborted !== null && served.signal.aborted) this.#wakeNext()
    }
    return null
  }

  #free(): Cell | null {
    for (const [cell, rest] of this.#idle) {
      rest.abort()
      this.#idle.delete(cell)
      if (!cell.isDead) return cell
    }
    return this.#cells.size < this.#options.size ? this.#begin() : null
  }

  #begin(): Cell {
    const cell = this.#options.start()
    this.#cells.add(cell)
    void cell.gone.then(({ cause }) => {
      this.#cells.delete(cell)
      const rest = this.#idle.get(cell)
      if (rest !== undefined) {
        rest.abort()
        this.#idle.delete(cell)
        this.#runtime.logger.error('what a job left behind ended its process or thread', { cause })
      }
      this.#wakeNext()
    })
    return cell
  }

  #giveBack(cell: Cell, job: RunningJob): void {
    if (cell.isDead) return
    // A job that was told to break off may still be at it, whatever its result was.
    const { idleMs } = this.#options
    if (idleMs === 0 || this.#isClosed || job.aborted !== null) return void cell.end()
    const rest = new AbortController()
    this.#idle.set(cell, rest)
    void this.#runtime.clock.sleep(idleMs, rest.signal).then(() => {
      if (rest.signal.aborted) return
      this.#idle.delete(cell)
      void cell.end()
    })
    this.#wakeNext()
  }

  #wakeNext(): void {
    this.#waiting.shift()?.()
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

import { jobError } from '../../job/failure.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { JobResult } from '../job-result.ts'
import type { JobAborted, RunningJob } from '../running-job.ts'
import { Cell, whenAborted } from './cell.ts'

export interface PoolOptions {
  readonly start: () => Cell
  /** The most cells at a time; further jobs wait. */
  readonly size: number
  /** The most cells that start at a time. */
  readonly starts: number
  /** How long a cell waits for its next job, which what the first left behind may disturb; 0: used once. */
  readonly idleMs: number
}

/** What a job waits for: a cell that is ready, or its result without one. */
type Turn = Cell | JobResult

const INTERRUPTED: JobResult = { kind: 'interrupted' }

/** Cells of one kind, and the jobs that wait for one: a cell that is ready takes the first of them, whoever began it. */
export class Pool {
  readonly #runtime: Runtime
  readonly #options: PoolOptions
  readonly #cells = new Set<Cell>()
  readonly #idle = new Map<Cell, AbortController>()
  #starting = 0
  #waiting: Array<(turn: Turn) => void> = []
  #isClosed = false

  constructor(runtime: Runtime, options: PoolOptions) {
    this.#runtime = runtime
    this.#options = options
  }

  async run(job: RunningJob, limitMs: number | null): Promise<JobResult> {
    const turn = await this.#turnOf(job)
    if (!(turn instanceof Cell)) return turn
    // Told to break off in the moment of its turn: it may have been given to another worker, and must not begin.
    if (job.aborted !== null) {
      this.#offer(turn)
      return brokenOff(job.aborted)
    }
    const result = await turn.run(job, limitMs)
    this.#giveBack(turn, job)
    return result
  }

  /** Ends all cells; what runs or waits is interrupted. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const serve of this.#waiting.splice(0)) serve(INTERRUPTED)
    for (const rest of this.#idle.values()) rest.abort()
    this.#idle.clear()
    await Promise.all([...this.#cells].map((cell) => cell.end()))
  }

  async #turnOf(job: RunningJob): Promise<Turn> {
    if (this.#isClosed) return INTERRUPTED
    const { promise, resolve } = Promise.withResolvers<Turn>()
    const served = new AbortController()
    const serve = (turn: Turn) => {
      served.abort()
      resolve(turn)
    }
    this.#waiting.push(serve)
    void whenAborted(job.signal, served.signal).then(() => {
      if (served.signal.aborted || job.aborted === null) return
      this.#waiting = this.#waiting.filter((other) => other !== serve)
      serve(brokenOff(job.aborted))
    })
    this.#dispatch()
    return promise
  }

  /** Gives what is idle to those that wait, and begins cells for the rest of them. */
  #dispatch(): void {
    for (const [cell, rest] of this.#idle) {
      if (cell.isDead) continue
      const serve = this.#waiting.shift()
      if (serve === undefined) return
      rest.abort()
      this.#idle.delete(cell)
      serve(cell)
    }
    while (this.#wantsMore) this.#begin()
  }

  get #wantsMore(): boolean {
    const { size, starts } = this.#options
    return this.#starting < Math.min(starts, this.#waiting.length) && this.#cells.size < size
  }

  #begin(): void {
    const cell = this.#options.start()
    this.#cells.add(cell)
    this.#starting += 1
    void cell.started.then((failure) => {
      this.#starting -= 1
      if (failure === null) return this.#offer(cell)
      this.#waiting.shift()?.(failure)
      this.#dispatch()
    })
    void cell.gone.then(({ cause }) => {
      this.#cells.delete(cell)
      const rest = this.#idle.get(cell)
      if (rest !== undefined) {
        rest.abort()
        this.#idle.delete(cell)
        this.#runtime.logger.error('what a job left behind ended its process or thread', { cause })
      }
      this.#dispatch()
    })
  }

  #giveBack(cell: Cell, job: RunningJob): void {
    if (cell.isDead) return
    // A job that was told to break off may still be at it, whatever its result was.
    if (this.#options.idleMs === 0 || job.aborted !== null) return void cell.end()
    this.#offer(cell)
  }

  /** To the next that waits, now or in the time in which it may be idle. */
  #offer(cell: Cell): void {
    if (this.#isClosed) return void cell.end()
    const rest = new AbortController()
    this.#idle.set(cell, rest)
    void this.#runtime.clock.sleep(this.#options.idleMs, rest.signal).then(() => {
      if (rest.signal.aborted) return
      this.#idle.delete(cell)
      void cell.end()
    })
    this.#dispatch()
  }
}

/** What becomes of a job that was told to break off before it began. */
function brokenOff(aborted: JobAborted): JobResult {
  return aborted.code === 'job.worker_stopping'
    ? { kind: 'interrupted' }
    : { kind: 'failed', error: jobError(aborted) }
}

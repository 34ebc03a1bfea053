import { jobError } from '../../job/failure.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import { within } from '../../kernel/within.ts'
import type { JobResult } from '../job-result.ts'
import { JobAborted, type RunningJob } from '../running-job.ts'
import type { CellBody, CellProgram, StartCell } from './cell-body.ts'
import type { FromCell } from './protocol.ts'

/** Loading an application's jobs takes seconds at most; what takes longer hangs. */
const START_LIMIT_MS = 60_000

/** Between the signal at a thread's timeout and its end by force: time to answer for a job that listens. */
const TIMEOUT_GRACE_MS = 1_000

/** A process that is asked to end gets so long to write its last log lines. */
const END_GRACE_MS = 2_000

/** Whoever sends these wants the cell's worker to stop as well, and says so a moment later. */
const STOP_SIGNALS: readonly (string | null)[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

interface Death {
  readonly cause: string
  readonly signal: string | null
}

/**
 * A process or thread that runs one job at a time.
 *
 *     starting ──ready──▶ idle ⇄ busy
 *         └───────────────┴───────┴──▶ dead (by itself, or ended)
 */
export class Cell {
  /** Resolves with null when it can take a job; else with the result of a job that waited for it. */
  readonly started: Promise<JobResult | null>
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<Death>
  readonly #runtime: Runtime
  readonly #program: CellProgram
  #body: CellBody | null = null
  #hear: (message: FromCell) => void = () => {}
  #lastWords: string | null = null
  #isEnding = false
  #isDead = false

  constructor(runtime: Runtime, program: CellProgram, start: StartCell) {
    this.#runtime = runtime
    this.#program = program
    const ready = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<Death>()
    this.gone = gone.promise
    const died = (cause: string, signal: string | null) => {
      this.#isDead = true
      gone.resolve({ cause: this.#lastWords === null ? cause : `${cause}: ${this.#lastWords}`, signal })
    }
    const said = (message: FromCell) => {
      if (message.kind === 'ready') ready.resolve()
      else if (message.kind === 'dying') this.#lastWords = message.error
      else this.#hear(message)
    }
    try {
      this.#body = start(program, { said, died })
    } catch (error) {
      died(messageOf(error), null)
    }
    this.started = this.#start(ready.promise)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /**
   * Only when it has started.
   * @param limitMs after which the job's signal aborts and, if that does not help, the cell is ended; null: never
   */
  async run(job: RunningJob, limitMs: number | null): Promise<JobResult> {
    this.#body?.hold(true)
    const over = new AbortController()
    try {
      return await this.#run(job, limitMs, over.signal)
    } finally {
      over.abort()
      this.#hear = () => {}
      this.#body?.hold(false)
    }
  }

  /** Ends it: a process may end by itself first. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true
    this.#body?.hold(true)
    this.#body?.dismiss()
    await within(this.#runtime.clock, { ms: END_GRACE_MS }, this.gone)
    if (!this.#isDead) this.#body?.kill()
    await this.gone
  }

  async #start(ready: Promise<void>): Promise<JobResult | null> {
    const over = new AbortController()
    const isInTime = await Promise.race([
      ready.then(() => true),
      this.gone.then(() => true),
      this.#runtime.clock.sleep(START_LIMIT_MS, over.signal).then(() => false),
    ])
    over.abort()
    if (!isInTime) {
      this.#body?.kill()
      return this.#notStarted(`it was not ready after ${START_LIMIT_MS / 1_000} s`)
    }
    if (!this.#isDead) {
      this.#body?.hold(false)
      return null
    }
    const { cause, signal } = await this.gone
    return this.#isEnding || STOP_SIGNALS.includes(signal) ? { kind: 'interrupted' } : this.#notStarted(cause)
  }

  #notStarted(why: string): JobResult {
    const { entry } = this.#program
    return {
      kind: 'unstarted',
      reason: `its own process or thread could not start ${entry}: ${why}; it goes back as it is and is tried again`,
    }
  }

  async #run(job: RunningJob, limitMs: number | null, over: AbortSignal): Promise<JobResult> {
    const { token } = job.claim
    const result = new Promise<JobResult>((resolve) => {
      this.#hear = (message) => {
        if (message.kind === 'result' && message.token === token) resolve(message.result)
      }
    })
    this.#body?.send({ kind: 'run', claim: job.claim })
    void whenAborted(job.signal, over).then(() => {
      if (job.aborted === null || over.aborted) return
      this.#body?.send({ kind: 'abort', token, code: job.aborted.code, message: job.aborted.message })
    })
    const ways = [result, this.gone.then(({ cause }) => this.#diedUnder(job, cause))]
    if (limitMs !== null) ways.push(this.#overrun(job, limitMs, over))
    return Promise.race(ways)
  }

  #diedUnder({ aborted }: RunningJob, cause: string): JobResult {
    const isStopping = this.#isEnding || aborted?.code === 'job.worker_stopping'
    return isStopping ? { kind: 'interrupted' } : { kind: 'crashed', cause }
  }

  /** Resolves only when the job had to be ended by force. */
  async #overrun(job: RunningJob, limitMs: number, over: AbortSignal): Promise<JobResult> {
    const { clock } = this.#runtime
    await clock.sleep(limitMs, over)
    if (!over.aborted) job.abort(new JobAborted('job.timed_out', `ran longer than ${limitMs} ms`))
    await clock.sleep(TIMEOUT_GRACE_MS, over)
    if (!over.aborted) this.#body?.kill()
    const ended = new JobAborted('job.timed_out', `ran longer than ${limitMs} ms; its thread was ended`)
    return job.aborted?.code === 'job.worker_stopping'
      ? { kind: 'interrupted' }
      : { kind: 'failed', error: { ...jobError(ended), stack: null } }
  }
}

/** Resolves when the job is told to break off, or is over. */
export function whenAborted(signal: AbortSignal, over: AbortSignal): Promise<true> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end)
      resolve(true)
    }
    if (signal.aborted || over.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
    over.addEventListener('abort', end, { once: true })
  })
}

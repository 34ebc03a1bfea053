import { jobError } from '../job/failure.ts'
import { nameOf } from '../job/invocation.ts'
import { isMalformed, parsePayload } from '../job/payload.ts'
import type { Registry } from '../job/registry.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Claim, Settlement } from '../store/exchange.ts'
import type { Executor } from './executor.ts'
import type { JobResult } from './job-result.ts'
import { JobAborted, labels, RunningJob } from './running-job.ts'
import { settlementOf } from './settlement.ts'
import type { Tally } from './tally.ts'
import type { WorkerEvents } from './worker-events.ts'

export interface SlotsParams {
  readonly concurrency: number
  readonly registry: Registry
  readonly executor: Executor
  readonly tally: Tally
  readonly events: WorkerEvents
}

/** The jobs that run at this moment, at most `concurrency`. */
export class Slots {
  readonly #runtime: Runtime
  readonly #params: SlotsParams
  readonly #settled: (settlement: Settlement) => void
  readonly #running = new Map<string, RunningJob>()
  #emptied: Array<() => void> = []

  /** @param settled takes what is to be written about each job that ended */
  constructor(runtime: Runtime, params: SlotsParams, settled: (settlement: Settlement) => void) {
    this.#runtime = runtime
    this.#params = params
    this.#settled = settled
  }

  get free(): number {
    return this.#params.concurrency - this.#running.size
  }

  has(token: string): boolean {
    return this.#running.has(token)
  }

  running(): IterableIterator<RunningJob> {
    return this.#running.values()
  }

  /** Begins a claimed job. */
  take(claim: Claim): void {
    const { unreadable } = claim
    const payload = unreadable === undefined ? parsePayload(claim.payload) : { malformed: unreadable }
    const job = new RunningJob(claim, payload, this.#runtime.clock.now())
    this.#running.set(claim.token, job)
    this.#params.events.jobStarted?.(job)
    const result = this.#params.executor.execute(job)
    if (!(result instanceof Promise)) this.#end(job, result)
    else {
      result.then(
        (settledResult) => this.#end(job, settledResult),
        (error: unknown) => this.#end(job, { kind: 'failed', error: jobError(error) }),
      )
    }
  }

  /** Asks every running job to break off. */
  abort(reason: JobAborted): void {
    for (const job of this.#running.values()) job.abort(reason)
  }

  /** Gives up jobs that are no longer this worker's: told to break off, their results go nowhere. */
  lose(tokens: Iterable<string>): void {
    for (const token of tokens) {
      const job = this.#running.get(token)
      if (job === undefined) continue
      job.abort(new JobAborted('job.lease_lost', 'the job was given to another worker'))
      this.#remove(token)
      this.#runtime.logger.warn('lost the lease of a job; its result will not be recorded', labels(job))
      this.#params.events.jobLost?.(job)
    }
  }

  /** Gives up all jobs; returns their tokens. Their results, should they still come, go nowhere. */
  abandon(): string[] {
    const tokens = [...this.#running.keys()]
    for (const token of tokens) this.#remove(token)
    return tokens
  }

  /** Resolves when nothing runs. */
  whenEmpty(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  #end(job: RunningJob, result: JobResult): void {
    const { registry, tally, events } = this.#params
    if (!this.#remove(job.claim.token)) return
    tally.add(result)
    const { payload } = job
    const definition = isMalformed(payload) ? null : (registry.get(nameOf(payload)) ?? null)
    const { clock, random } = this.#runtime
    const settlement = settlementOf(job, result, { definition, now: clock.now(), random })
    this.#report(job, result, settlement)
    events.jobEnded?.(job, result, settlement)
    this.#settled(settlement)
  }

  #remove(token: string): boolean {
    if (!this.#running.delete(token)) return false
    if (this.#running.size === 0) for (const resolve of this.#emptied.splice(0)) resolve()
    return true
  }

  #report(job: RunningJob, result: JobResult, settlement: Settlement): void {
    const { logger, clock } = this.#runtime
    if (result.kind === 'done') {
      logger.debug('done', { ...labels(job), elapsedMs: clock.now() - job.startedAt })
      return
    }
    const fields = { ...labels(job), elapsedMs: clock.now() - job.startedAt, to: settlement.to }
    if (result.kind === 'failed') {
      logger.warn('job failed', { ...fields, error: result.error.message, errorClass: result.error.name })
    } else if (result.kind === 'crashed')
      logger.error('job ended its process', { ...fields, cause: result.cause })
    else if (result.kind === 'unrunnable')
      logger.error('job cannot be run; kept in the dead set', { ...fields, reason: result.reason })
    else
      logger.info(`job ${result.kind}`, {
        ...fields,
        ...('reason' in result ? { reason: result.reason } : {}),
      })
  }
}

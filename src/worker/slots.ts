import { jobError, logged } from '../job/failure.ts'
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

/** How a job ended. */
interface Ending {
  readonly job: RunningJob
  readonly result: JobResult
  readonly settlement: Settlement
  readonly elapsedMs: number
}

/** The jobs that run at this moment, at most `concurrency`. */
export class Slots {
  readonly #runtime: Runtime
  readonly #params: SlotsParams
  readonly #settled: (settlement: Settlement) => void
  /** Not a Map: its outgrown tables hold on to one another and to the jobs that were in them until a full collection. */
  readonly #jobs: Array<RunningJob | null>
  readonly #vacant: number[]
  #emptied: Array<() => void> = []

  /** @param settled takes what is to be written about each job that ended */
  constructor(runtime: Runtime, params: SlotsParams, settled: (settlement: Settlement) => void) {
    this.#runtime = runtime
    this.#params = params
    this.#settled = settled
    this.#jobs = new Array<RunningJob | null>(params.concurrency).fill(null)
    this.#vacant = [...this.#jobs.keys()].reverse()
  }

  get free(): number {
    return this.#vacant.length
  }

  has(token: string): boolean {
    return this.#jobs.some((job) => job?.claim.token === token)
  }

  running(): RunningJob[] {
    return this.#jobs.filter((job) => job !== null)
  }

  /** Begins a claimed job, in a free slot. */
  take(claim: Claim): void {
    const { unreadable } = claim
    const payload = unreadable === undefined ? parsePayload(claim.payload) : { malformed: unreadable }
    const job = new RunningJob(claim, payload, this.#runtime.clock.now())
    const slot = this.#vacant.pop()!
    this.#jobs[slot] = job
    this.#params.events.jobStarted?.(job)
    const result = this.#params.executor.execute(job)
    if (!(result instanceof Promise)) this.#end(slot, job, result)
    else {
      result.then(
        (settledResult) => this.#end(slot, job, settledResult),
        (error: unknown) => this.#end(slot, job, { kind: 'failed', error: jobError(error) }),
      )
    }
  }

  /** Asks every running job to break off. */
  abort(reason: JobAborted): void {
    for (const job of this.#jobs) job?.abort(reason)
  }

  /** Gives up jobs that are no longer this worker's: told to break off, their results go nowhere. */
  lose(tokens: Iterable<string>): void {
    const lost = new Set(tokens)
    for (const [slot, job] of this.#jobs.entries()) {
      if (job === null || !lost.has(job.claim.token)) continue
      job.abort(new JobAborted('job.lease_lost', 'the job was given to another worker'))
      this.#vacate(slot)
      this.#runtime.logger.warn('lost the lease of a job; its result will not be recorded', labels(job))
      this.#params.events.jobLost?.(job)
    }
  }

  /** Gives up these jobs; returns how many. Their results, should they still come, go nowhere. */
  abandon(which: (job: RunningJob) => boolean): number {
    const given = [...this.#jobs.entries()].filter(([, job]) => job !== null && which(job))
    for (const [slot] of given) this.#vacate(slot)
    return given.length
  }

  /** Resolves when nothing runs. */
  whenEmpty(): Promise<void> {
    if (this.#isEmpty) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  #end(slot: number, job: RunningJob, result: JobResult): void {
    const { registry, tally, events } = this.#params
    if (this.#jobs[slot] !== job) return
    this.#vacate(slot)
    const { payload } = job
    const name = isMalformed(payload) ? null : nameOf(payload)
    const definition = name === null ? null : (registry.get(name) ?? null)
    const { clock, random } = this.#runtime
    const now = clock.now()
    tally.add(result, name, now - job.startedAt)
    const settlement = settlementOf(job, result, { definition, now, random })
    this.#report({ job, result, settlement, elapsedMs: now - job.startedAt })
    events.jobEnded?.(job, result, settlement)
    this.#settled(settlement)
  }

  #vacate(slot: number): void {
    this.#jobs[slot] = null
    this.#vacant.push(slot)
    if (this.#isEmpty) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  get #isEmpty(): boolean {
    return this.#vacant.length === this.#jobs.length
  }

  #report({ job, result, settlement, elapsedMs }: Ending): void {
    const { logger } = this.#runtime
    // Of unknown jobs the worker speaks once a class.
    if (result.kind === 'done' || result.kind === 'unknown') {
      logger.debug(result.kind === 'done' ? 'job done' : 'job unknown', { ...labels(job), elapsedMs })
      return
    }
    const fields = { ...labels(job), elapsedMs, to: settlement.to }
    if (result.kind === 'failed') {
      logger.warn('job failed', { ...fields, ...logged(result.error) })
    } else if (result.kind === 'crashed')
      logger.error('job ended its process', { ...fields, cause: result.cause })
    else if (result.kind === 'unrunnable')
      logger.error('job cannot be run; kept in the dead set', { ...fields, reason: result.reason })
    else
      logger[result.kind === 'unstarted' ? 'warn' : 'info'](`job ${result.kind}`, {
        ...fields,
        ...('reason' in result ? { reason: result.reason } : {}),
      })
  }
}

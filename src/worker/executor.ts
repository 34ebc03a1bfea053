import { isSuspect } from '../job/crash.ts'
import type { Definition, JobContext } from '../job/definition.ts'
import { jobError } from '../job/failure.ts'
import { type Invocation, invocationOf } from '../job/invocation.ts'
import { isOutcome } from '../job/outcome.ts'
import { isMalformed, type Payload } from '../job/payload.ts'
import type { Registry } from '../job/registry.ts'
import { checkSchema } from '../job/schema.ts'
import { readWireTime } from '../job/wire-time.ts'
import type { EpochMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Isolation } from './isolation.ts'
import { DONE, type JobResult } from './job-result.ts'
import { inContextOf, RunContext } from './run-context.ts'
import { JobAborted, labels, type RunningJob } from './running-job.ts'
import type { UnknownJobRule } from './unknown-job-rule.ts'
import { around, type WorkerMiddleware } from './worker-middleware.ts'

export interface ExecutorOptions {
  readonly registry: Registry
  readonly middleware?: readonly WorkerMiddleware[]
  /** Without one, every job runs in this thread. */
  readonly isolation?: Isolation | null
  /** Default `'dead'`: where no other worker shares the store. */
  readonly unknownJobs?: UnknownJobRule
  /** Whether another worker on this queue may know the class. Default: none. */
  readonly othersMayKnow?: (name: string, queue: string) => boolean
}

/** A job of ours, and what it is called with. */
interface Task {
  readonly definition: Definition
  readonly invocation: Invocation
}

/** Turns a claimed job into a result. Never rejects. */
export class Executor {
  readonly #runtime: Runtime
  readonly #registry: Registry
  readonly #middleware: readonly WorkerMiddleware[]
  readonly #isolation: Isolation | null
  readonly #unknownJobs: UnknownJobRule
  readonly #othersMayKnow: (name: string, queue: string) => boolean

  constructor(runtime: Runtime, options: ExecutorOptions) {
    this.#runtime = runtime
    this.#registry = options.registry
    this.#middleware = options.middleware ?? []
    this.#isolation = options.isolation ?? null
    this.#unknownJobs = options.unknownJobs ?? 'dead'
    this.#othersMayKnow = options.othersMayKnow ?? (() => false)
  }

  execute(job: RunningJob): Promise<JobResult> | JobResult {
    const { payload } = job
    if (isMalformed(payload)) return { kind: 'unrunnable', reason: payload.malformed }
    const invocation = invocationOf(job.claim.payload, payload)
    if ('refused' in invocation) return { kind: 'unrunnable', reason: invocation.refused }
    const definition = this.#registry.get(invocation.name)
    if (definition === undefined) return this.#unknown(invocation.name, job.claim.queue)
    if (hasExpired(payload, job.startedAt)) return { kind: 'discarded', reason: 'expired before it began' }
    if (this.#isolation !== null) {
      job.isIsolated = isSuspect(payload) || definition.isolate === 'thread'
      if (isSuspect(payload)) return this.#isolation.runInProcess(job)
      if (job.isIsolated) return this.#isolation.runInThread(job, definition.timeoutMs)
    }
    return this.#runHere(job, payload, { definition, invocation })
  }

  #unknown(name: string, queue: string): JobResult {
    const reason = `no job is called ${JSON.stringify(name)} in this worker`
    switch (this.#unknownJobs) {
      case 'return':
        return { kind: 'unknown', reason, isAwaited: this.#othersMayKnow(name, queue) }
      case 'dead':
        return { kind: 'unrunnable', reason }
      case 'retry':
        return { kind: 'failed', error: { name: 'UnknownJob', message: reason, stack: null } }
    }
  }

  async #runHere(job: RunningJob, payload: Payload, { definition, invocation }: Task): Promise<JobResult> {
    const cancel = definition.timeoutMs === null ? null : this.#abortAfter(job, definition.timeoutMs)
    try {
      const { schema } = definition
      const { name, args: given } = invocation
      const args = schema === null ? given : await checkSchema(name, schema, given)
      return resultOf(await this.#call(job, payload, (context) => definition.run(args, context)))
    } catch (error) {
      return failureOf(error, job)
    } finally {
      cancel?.()
    }
  }

  #call(job: RunningJob, payload: Payload, body: (context: JobContext) => unknown): unknown {
    const context = new RunContext(job, payload, this.#runtime.logger)
    const run =
      this.#middleware.length === 0
        ? () => body(context)
        : () => around(this.#middleware, { payload, context }, () => body(context))
    return inContextOf(payload, run)
  }

  #abortAfter(job: RunningJob, timeoutMs: number): () => void {
    const { clock, logger } = this.#runtime
    const cancel = clock.after(timeoutMs, () => {
      job.abort(new JobAborted('job.timed_out', `ran longer than ${timeoutMs} ms`))
      logger.warn('a job is past its timeout and was told so', { ...labels(job), timeoutMs })
    })
    return () => {
      cancel()
      const elapsedMs = clock.now() - job.startedAt
      if (job.aborted !== null || elapsedMs <= timeoutMs) return
      const words =
        'a job ran past its timeout and could not be told so: it, or another, blocked the event loop'
      logger.warn(words, { ...labels(job), timeoutMs, elapsedMs })
    }
  }
}

function resultOf(value: unknown): JobResult {
  if (!isOutcome(value)) return DONE
  switch (value.kind) {
    case 'snooze':
      return { kind: 'snoozed', ms: value.ms }
    case 'discard':
      return { kind: 'discarded', reason: value.reason }
    case 'kill':
      return { kind: 'killed', reason: value.reason }
  }
}

function failureOf(thrown: unknown, job: RunningJob): JobResult {
  const { aborted } = job
  if (aborted === null || !stems(thrown, aborted)) return { kind: 'failed', error: jobError(thrown) }
  return aborted.code === 'job.worker_stopping'
    ? { kind: 'interrupted' }
    : { kind: 'failed', error: jobError(aborted) }
}

/** Whether an error is the answer to an aborted signal: the reason itself, caused by it, or an AbortError made of it. */
function stems(thrown: unknown, aborted: JobAborted): boolean {
  if (thrown === aborted) return true
  return thrown instanceof Error && (thrown.cause === aborted || thrown.name === 'AbortError')
}

function hasExpired(payload: Payload, now: EpochMs): boolean {
  if (payload.expires_in === undefined || payload.expires_in === null) return false
  const runnableSince = readWireTime(payload.enqueued_at ?? payload.created_at)
  return runnableSince !== null && now > runnableSince + payload.expires_in * 1000
}

import type { DeathHandler, JobDeath } from '../job/death.ts'
import type { JobError } from '../job/failure.ts'
import { invocationOf, nameOf } from '../job/invocation.ts'
import { isMalformed, type Malformed, type Payload, parsePayload } from '../job/payload.ts'
import type { Registry } from '../job/registry.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Settlement } from '../store/exchange.ts'
import type { JobResult } from './job-result.ts'
import { inContextOf } from './run-context.ts'
import type { RunningJob } from './running-job.ts'
import type { WorkerEvents } from './worker-events.ts'

export interface DeathsParams {
  readonly registry: Registry
  readonly deathHandlers?: readonly DeathHandler[]
}

/** A job whose end was decided in this process. */
interface Deceased {
  readonly raw: string
  readonly payload: Payload | Malformed
  readonly queue?: string
  readonly error: JobError
}

/** Tells of each job that this process gives up, kept in the dead set or not: its own `died`, and all handlers. */
export class Deaths {
  readonly #runtime: Runtime
  readonly #params: DeathsParams
  readonly #telling = new Set<Promise<unknown>>()

  constructor(runtime: Runtime, params: DeathsParams) {
    this.#runtime = runtime
    this.#params = params
  }

  /** The same events, with an eye on deaths. */
  watching(events: WorkerEvents): WorkerEvents {
    return {
      ...events,
      jobEnded: (job, result, settlement) => {
        events.jobEnded?.(job, result, settlement)
        this.ended(job, result, settlement)
      },
      recovered: (identity, jobs) => {
        events.recovered?.(identity, jobs)
        for (const { route, payload: raw } of jobs) {
          const error = route.to === 'dead' ? recordedError(route.payload) : null
          if (error !== null) this.#tell({ raw, payload: parsePayload(raw), error })
        }
      },
    }
  }

  /** A job ended; whether it died is seen here. */
  ended({ claim, payload }: RunningJob, result: JobResult, settlement: Settlement): void {
    const error = causeOfDeath(result, settlement)
    if (error !== null) this.#tell({ raw: claim.payload, payload, queue: claim.queue, error })
  }

  /** Resolves when all that were begun have heard. */
  readonly told = async (): Promise<void> => {
    while (this.#telling.size > 0) await Promise.all(this.#telling)
  }

  #tell({ raw, payload, error, ...taken }: Deceased): void {
    // It has neither a class nor arguments that could be told.
    if (isMalformed(payload)) return
    const { jid, queue = 'default' } = payload
    const job = nameOf(payload)
    const log = this.#runtime.logger.child({ jid, class: job })
    const death: JobDeath = { ...{ jid, job, queue, error, payload, log }, ...taken }
    const handlers = [this.#own(raw, payload), ...(this.#params.deathHandlers ?? [])]
    const told = Promise.all(handlers.map((handler) => heard(handler, death)))
    this.#telling.add(told)
    void told.then(() => this.#telling.delete(told))
  }

  #own(raw: string, payload: Payload): DeathHandler {
    const died = this.#params.registry.get(nameOf(payload))?.died ?? null
    const invocation = invocationOf(raw, payload)
    return died === null || 'refused' in invocation ? () => {} : (death) => died(invocation.args, death)
  }
}

async function heard(handler: DeathHandler, death: JobDeath): Promise<void> {
  try {
    await inContextOf(death.payload, () => handler(death))
  } catch (error) {
    death.log.error('a death handler failed', { error })
  }
}

/** null when the job lives on, or ended as it should. */
function causeOfDeath(result: JobResult, settlement: Settlement): JobError | null {
  if (settlement.to !== 'dead' && settlement.to !== 'done') return null
  switch (result.kind) {
    case 'failed':
      return result.error
    case 'killed':
      return { name: 'Killed', message: result.reason, stack: null }
    case 'unrunnable':
      return { name: 'Unrunnable', message: result.reason, stack: null }
    case 'crashed':
      return settlement.to === 'dead' ? recordedError(settlement.payload) : null
    default:
      return null
  }
}

/** The error that a buried payload names; null for a malformed one, whose bytes stay as they are. */
function recordedError(raw: string | null): JobError | null {
  const payload = raw === null ? null : parsePayload(raw)
  if (payload === null || isMalformed(payload)) return null
  return { name: String(payload.error_class), message: String(payload.error_message), stack: null }
}

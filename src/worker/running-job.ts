import { nameOf } from '../job/invocation.ts'
import { isMalformed, type Malformed, type Payload } from '../job/payload.ts'
import type { EpochMs } from '../kernel/clock.ts'
import { CapstanError } from '../kernel/errors.ts'
import type { Claim } from '../store/exchange.ts'

/** Why a job's signal aborted: `job.timed_out`, `job.worker_stopping`, `job.lease_lost`. */
export class JobAborted extends CapstanError {}

/** A claimed job from the moment its slot is taken until its result is settled. */
export class RunningJob {
  readonly claim: Claim
  readonly payload: Payload | Malformed
  readonly startedAt: EpochMs
  /** It runs in a process or thread of its own, which can be ended without this one. */
  isIsolated = false
  #controller: AbortController | null = null
  #aborted: JobAborted | null = null

  constructor(claim: Claim, payload: Payload | Malformed, startedAt: EpochMs) {
    this.claim = claim
    this.payload = payload
    this.startedAt = startedAt
  }

  /** The first reason given, or null. */
  get aborted(): JobAborted | null {
    return this.#aborted
  }

  /** Made when first asked for: most jobs never look at it, and a controller costs as much as a small job. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#aborted !== null) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  abort(reason: JobAborted): void {
    if (this.#aborted !== null) return
    this.#aborted = reason
    this.#controller?.abort(reason)
  }
}

/** How log lines name a job. */
export function labels(job: RunningJob): Record<string, unknown> {
  const { payload, claim } = job
  return isMalformed(payload)
    ? { queue: claim.queue }
    : { jid: payload.jid, class: nameOf(payload), queue: claim.queue }
}

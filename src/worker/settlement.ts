import { afterCrash, cleared, isSuspect } from '../job/crash.ts'
import type { Definition } from '../job/definition.ts'
import { editPayload } from '../job/edit-payload.ts'
import { failedPayload, type JobError, retriesOf } from '../job/failure.ts'
import { isMalformed, type Payload } from '../job/payload.ts'
import { mayRetry, retryDelayMs } from '../job/retry-policy.ts'
import type { EpochMs } from '../kernel/clock.ts'
import { durationMs } from '../kernel/duration.ts'
import type { Random } from '../kernel/random.ts'
import type { Claim, Settlement } from '../store/exchange.ts'
import type { JobResult } from './job-result.ts'
import { returnDelayMs } from './return-delay.ts'
import type { RunningJob } from './running-job.ts'

export interface SettlementParams {
  /** null when no job of that name is known here. */
  readonly definition: Definition | null
  readonly now: EpochMs
  readonly random: Random
}

interface Ending extends SettlementParams {
  readonly claim: Claim
  readonly payload: Payload
}

/** What is written about a result: pure, so that every rule of retrying and dying can be tested by itself. */
export function settlementOf(job: RunningJob, result: JobResult, params: SettlementParams): Settlement {
  const { claim, payload } = job
  const { token } = claim
  if (result.kind === 'done' || result.kind === 'discarded') return { token, to: 'done' }
  if (result.kind === 'interrupted') return { token, to: 'queue', payload: null }
  if (result.kind === 'unrunnable') return { token, to: 'dead', payload: null, reason: result.reason }
  // Only an unrunnable job has no payload that can be read.
  if (isMalformed(payload)) return { token, to: 'dead', payload: null, reason: payload.malformed }
  const ending = { ...params, claim, payload }
  if (result.kind === 'unknown') return returned(ending, result.isAwaited)
  if (result.kind === 'unstarted') return returned(ending, false)
  switch (result.kind) {
    case 'snoozed':
      return { token, to: 'schedule', payload: unsuspected(ending), at: params.now + result.ms }
    case 'killed':
      return buried(ending, { name: 'Killed', message: result.reason, stack: null })
    case 'crashed':
      return crashed(ending, result.cause)
    case 'failed':
      return failed(ending, result.error)
  }
}

/** To the schedule untouched, but for the queue where that is not the one it was taken from: all pollers go by it. */
function returned({ claim, payload, now, random }: Ending, isAwaited: boolean): Settlement {
  const text =
    payload.queue === claim.queue
      ? claim.payload
      : editPayload(claim.payload, { queue: JSON.stringify(claim.queue) })
  return {
    token: claim.token,
    to: 'schedule',
    payload: text,
    at: now + returnDelayMs(payload, { now, random, isAwaited }),
  }
}

function failed(ending: Ending, error: JobError): Settlement {
  const { payload, claim, now, random } = ending
  if (payload.retry === false) return { token: claim.token, to: 'done' }
  const retries = retriesOf(payload)
  const wait = mayRetry(payload, now) ? ownDelay(ending, retries, error) : 'kill'
  if (wait === 'discard') return { token: claim.token, to: 'done' }
  if (wait === 'kill') return buried(ending, error)
  const at = now + retryDelayMs(retries, random, wait)
  return { token: claim.token, to: 'retry', payload: failureText(ending, error), at }
}

/** The job's own wait in ms; undefined for the curve, also when the job's function is itself broken. */
function ownDelay(ending: Ending, retries: number, error: JobError): number | 'kill' | 'discard' | undefined {
  try {
    const wait = ending.definition?.retryDelay?.(retries, error.thrown ?? error)
    return wait === undefined || wait === 'kill' || wait === 'discard'
      ? wait
      : durationMs(wait, 'retry delay')
  } catch {
    // A bug in the function must not cost the job its retry.
    return undefined
  }
}

function buried(ending: Ending, error: JobError): Settlement {
  const { token } = ending.claim
  if (ending.payload.dead === false) return { token, to: 'done' }
  return { token, to: 'dead', payload: failureText(ending, error), reason: null }
}

function failureText(ending: Ending, error: JobError): string {
  const { payload, claim, now } = ending
  return failedPayload(unsuspected(ending), payload, { error, queue: claim.queue, now })
}

/** It ended by itself, so it is not the job that ends processes. */
function unsuspected({ claim, payload }: Ending): string {
  return isSuspect(payload) ? cleared(claim.payload) : claim.payload
}

function crashed({ claim, payload, now }: Ending, cause: string): Settlement {
  const after = afterCrash(claim.payload, payload, { alone: true, cause, now })
  return after.buried === null
    ? { token: claim.token, to: 'queue', payload: after.payload }
    : { token: claim.token, to: 'dead', payload: after.payload, reason: null }
}

import type { Definition } from '../job/definition.ts'
import { type Payload, parsePayload } from '../job/payload.ts'
import type { EpochMs } from '../kernel/clock.ts'
import type { Entry } from '../store/inspection.ts'
import { checkJob } from './check-options.ts'

/** Any job, whatever its arguments. */
export type AnyJob = { readonly definition: Definition }

/** A job that is waiting, as a test wants to see it. */
export interface WaitingJob {
  readonly job: string
  readonly args: readonly unknown[]
  readonly jid: string
  readonly queue: string
  /** null: runnable now. */
  readonly at: EpochMs | null
}

/** A job in the dead set. */
export interface DeadJob {
  readonly job: string
  readonly args: readonly unknown[]
  readonly jid: string
  readonly queue: string
  readonly diedAt: EpochMs
  /** The message of the error that it died of. */
  readonly error: string
}

/**
 * Those of one job, or all.
 *
 * @throws UsageError `options.invalid` for what is no job
 */
export function ofJob<Seen extends { readonly job: string }>(
  seen: readonly Seen[],
  job: AnyJob | undefined,
  where: string,
): Seen[] {
  if (job === undefined) return [...seen]
  checkJob(job, where)
  return seen.filter((one) => one.job === job.definition.name)
}

export function waitingJob({ payload, at }: Entry): WaitingJob {
  return { ...identified(payload), at }
}

export function deadJob({ payload, at, reason }: Entry): DeadJob {
  const { error_message } = parsePayload(payload) as Payload
  return { ...identified(payload), diedAt: at!, error: reason ?? String(error_message) }
}

function identified(text: string) {
  const { class: job, args, jid, queue = 'default' } = parsePayload(text) as Payload
  return { job, args, jid, queue }
}

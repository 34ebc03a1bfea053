import type { EpochMs } from '../kernel/clock.ts'
import { editPayload } from './edit-payload.ts'
import { isMalformed, type Malformed, type Payload } from './payload.ts'
import { wireSeconds } from './wire-time.ts'

/**
 * What a payload remembers of the processes that died under it.
 *
 * When a worker dies, each of its jobs may be the culprit and all but one at most are not. So an interruption
 * charges nobody; it makes its jobs suspects, and a suspect runs alone in a process. One that dies under it charges
 * the job, which from then on gets a process that no other job has used: the death of such a one convicts it.
 */
export interface CrashRecord {
  /** How often a worker died while this job was one of several running in it. */
  readonly interruptions: number
  /** How often a process died in which this job ran alone. */
  readonly crashes: number
  /** The latest causes, newest last. */
  readonly causes: readonly string[]
}

/** The third crash is the last: one beside others, which made it a suspect, and then these, alone. */
const MAX_CRASHES_ALONE = 2

/**
 * A job whose workers keep dying although its own process does not (it may kill its parent, or the machine's
 * memory) is stopped in the end; a job that is merely often unlucky is not stopped before that.
 */
const MAX_INTERRUPTIONS = 25

const KEPT_CAUSES = 5

const NONE: CrashRecord = { interruptions: 0, crashes: 0, causes: [] }

export function crashRecord(payload: Payload): CrashRecord {
  const record = payload.capstan_crash as Partial<CrashRecord> | null | undefined
  if (typeof record !== 'object' || record === null) return NONE
  return {
    interruptions: Number(record.interruptions) || 0,
    crashes: Number(record.crashes) || 0,
    causes: Array.isArray(record.causes) ? record.causes.map(String) : [],
  }
}

/** Whether the job must run alone, in a process of its own. */
export function isSuspect(payload: Payload): boolean {
  return payload.capstan_crash !== undefined && payload.capstan_crash !== null
}

/** Whether a process has died in which this job ran and no other did. */
export function isCharged(payload: Payload | Malformed): boolean {
  return !isMalformed(payload) && crashRecord(payload).crashes > 0
}

/** The payload of a job whose process died, and the reason to bury it if that was once too often. */
export interface AfterCrash {
  readonly payload: string
  readonly buried: string | null
}

/**
 * @param alone the job was the only one in the process that died
 * @param cause in words: "killed by SIGKILL", "its process is gone"
 */
export function afterCrash(
  raw: string,
  payload: Payload,
  crash: { alone: boolean; cause: string; now: EpochMs },
): AfterCrash {
  const before = crashRecord(payload)
  const record: CrashRecord = {
    interruptions: before.interruptions + (crash.alone ? 0 : 1),
    crashes: before.crashes + (crash.alone ? 1 : 0),
    causes: [...before.causes, crash.cause].slice(-KEPT_CAUSES),
  }
  const marked = editPayload(raw, { capstan_crash: JSON.stringify(record) })
  const buried = verdict(record)
  if (buried === null) return { payload: marked, buried }
  const error = {
    error_class: '"ProcessDied"',
    error_message: JSON.stringify(buried),
    failed_at: wireSeconds(crash.now),
    retry_count: String(payload.retry_count ?? 0),
  }
  return { payload: editPayload(marked, error), buried }
}

/** A job that ended, well or with an error of its own, did not end its process: it is a suspect no more. */
export function cleared(raw: string): string {
  return editPayload(raw, { capstan_crash: null })
}

function verdict(record: CrashRecord): string | null {
  const causes = record.causes.join('; ')
  if (record.crashes >= MAX_CRASHES_ALONE) {
    return `its process died ${record.crashes} times while it ran alone, after a crash beside others: ${causes}`
  }
  if (record.interruptions > MAX_INTERRUPTIONS)
    return `${record.interruptions} workers died while it ran: ${causes}`
  return null
}

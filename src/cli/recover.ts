import type { EpochMs } from '../kernel/clock.ts'
import { StoreError, UsageError } from '../kernel/errors.ts'
import type { Store } from '../store/store.ts'
import type { WorkerRecord } from '../store/worker-record.ts'
import type { Host } from '../worker/host.ts'
import { LEASE_MS, recoverWorker } from '../worker/reaper.ts'
import { deathIn } from './death.ts'
import { lengthOfTime } from './operator/words.ts'
import { type Session, thisHost } from './session.ts'

/** Whose jobs to give back: those of one worker, of one systemd service, or of all dead processes of this host. */
export interface RecoverFlags {
  readonly identity?: string | undefined
  readonly unit?: string | undefined
  /** What it died of, in words. */
  readonly cause?: string | undefined
  /** Also one of another host that has beaten a moment ago. */
  readonly force?: boolean | undefined
}

export interface RecoverReport {
  readonly identity: string
  readonly cause: string
  readonly jobs: number
}

/** For a person; but a deploy reads identity and number out of the journal, so the number is digits alone. */
export function reportLine({ identity, cause, jobs }: RecoverReport): string {
  return `${identity}: ${jobs} ${jobs === 1 ? 'job is' : 'jobs are'} back (${cause})`
}

/** systemd starts the service again only when its ExecStopPost is over; that start recovers what was left, too. */
const STOP_POST_LIMIT_MS = 3_000

/**
 * Gives the jobs of dead workers back. A process of this host that still lives is left alone; one of another host is
 * believed to be dead when its lease is over, or by force. In a unit's ExecStopPost, systemd says what died and of what.
 *
 * @throws UsageError `worker.unknown`, `worker.alive` for a worker that was named
 * @throws StoreError also when, in ExecStopPost, the store has not answered in `STOP_POST_LIMIT_MS`
 */
export async function recover(session: Session, flags: RecoverFlags): Promise<RecoverReport[]> {
  if (flags.unit === undefined || deathIn(process.env) === null) return recoverAll(session, flags)
  const done = new AbortController()
  const late = session.runtime.clock.sleep(STOP_POST_LIMIT_MS, done.signal).then((): never => {
    throw new StoreError('store.unknown', `the store did not answer in ${STOP_POST_LIMIT_MS / 1_000} s`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([recoverAll(session, flags), late])
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    const { code, message, retryable } = cause
    throw new StoreError(code, `${message}; the next worker recovers what ${flags.unit} has left`, {
      ...{ retryable, cause },
    })
  } finally {
    done.abort()
  }
}

async function recoverAll(session: Session, flags: RecoverFlags): Promise<RecoverReport[]> {
  // What stops before it has made its store left nothing behind, which is no failure of a unit.
  const store = await session.store(flags.unit === undefined ? 'existing' : undefined)
  const host = thisHost()
  const cause = flags.cause ?? deathIn(process.env)?.cause ?? 'recovered by hand'
  const reports: RecoverReport[] = []
  for (const record of await meant(store, flags)) {
    const { identity } = record.info
    const now = session.runtime.clock.now()
    if (flags.identity !== undefined) refuseLiving(record, { host, now, isForced: flags.force === true })
    const jobs = await recoverWorker(store, record, { cause, now })
    if (jobs !== null) reports.push({ identity, cause, jobs: jobs.length })
  }
  return reports
}

/** Of a worker that was named. What runs elsewhere is known by its beats alone, and a job that two run is the worse mistake. */
function refuseLiving(
  { info, beatAt }: WorkerRecord,
  { host, now, isForced }: { host: Host; now: EpochMs; isForced: boolean },
): void {
  const { identity } = info
  const state = host.stateOf(info)
  const silentMs = Math.max(0, now - beatAt)
  const stop = `stop it first (capstan stop ${identity})`
  if (state === 'alive') throw new UsageError('worker.alive', `${identity} is alive on this host; ${stop}`)
  if (state === 'gone' || isForced || silentMs > LEASE_MS) return
  throw new UsageError(
    'worker.alive',
    `${identity} is not seen from here, and its last heartbeat is only ${lengthOfTime(silentMs)} old; expected one of more ` +
      `than ${lengthOfTime(LEASE_MS)}, when its lease is over. If it lives, ${stop}; if you know that it is dead, wait so ` +
      'long or say --force',
  )
}

async function meant(store: Store, { identity, unit }: RecoverFlags): Promise<WorkerRecord[]> {
  const records = await store.workers()
  if (identity !== undefined) {
    const named = records.filter(({ info }) => info.identity === identity)
    if (named.length > 0) return named
    throw new UsageError('worker.unknown', `no worker is registered as "${identity}"; see capstan workers`)
  }
  const death = unit === undefined ? null : deathIn(process.env)
  // What died is known by its run alone: a hardened unit cannot always see in /proc that it is gone.
  if (death !== null) return records.filter(({ info }) => info.service?.invocation === death.invocation)
  const host = thisHost()
  return records.filter(
    ({ info }) => host.stateOf(info) === 'gone' && (unit === undefined || info.service?.unit === unit),
  )
}

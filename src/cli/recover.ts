import { StoreError, UsageError } from '../kernel/errors.ts'
import type { Store } from '../store/store.ts'
import type { WorkerRecord } from '../store/worker-record.ts'
import { recoverWorker } from '../worker/reaper.ts'
import { deathIn } from './death.ts'
import { type Session, thisHost } from './session.ts'

/** Whose jobs to give back: those of one worker, of one systemd service, or of all dead processes of this host. */
export interface RecoverFlags {
  readonly identity?: string | undefined
  readonly unit?: string | undefined
  /** What it died of, in words. */
  readonly cause?: string | undefined
}

export interface RecoverReport {
  readonly identity: string
  readonly cause: string
  readonly jobs: number
}

/** systemd starts the service again only when its ExecStopPost is over; that start recovers what was left, too. */
const STOP_POST_LIMIT_MS = 3_000

/**
 * Gives the jobs of dead workers back. A process of this host that still lives is left alone; one of another host is
 * believed to be dead. In a unit's ExecStopPost, systemd says what died and of what.
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
  const store = await session.store()
  const host = thisHost()
  const cause = flags.cause ?? deathIn(process.env)?.cause ?? 'recovered by hand'
  const reports: RecoverReport[] = []
  for (const record of await meant(store, flags)) {
    const { identity } = record.info
    if (host.stateOf(record.info) === 'alive') {
      throw new UsageError(
        'worker.alive',
        `${identity} is alive on this host; stop it first (capstan stop ${identity})`,
      )
    }
    const jobs = await recoverWorker(store, record, { cause, now: session.runtime.clock.now() })
    if (jobs !== null) reports.push({ identity, cause, jobs: jobs.length })
  }
  return reports
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

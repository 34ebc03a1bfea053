import { UsageError } from '../kernel/errors.ts'
import { recoverWorker } from '../worker/reaper.ts'
import { type Session, thisHost } from './session.ts'

export interface RecoverReport {
  readonly identity: string
  readonly jobs: number
}

/**
 * Gives the jobs of one dead worker back, or without an identity those of all dead processes of this host.
 * A process of this host that still lives is left alone; one of another host is believed to be dead.
 */
export async function recover(
  session: Session,
  identity: string | undefined,
  cause: string,
): Promise<RecoverReport[]> {
  const store = await session.store()
  const host = thisHost()
  const records = (await store.workers()).filter((record) =>
    identity === undefined ? host.stateOf(record.info) === 'gone' : record.info.identity === identity,
  )
  if (identity !== undefined && records.length === 0) {
    throw new UsageError('worker.unknown', `no worker is registered as "${identity}"; see capstan workers`)
  }
  const reports: RecoverReport[] = []
  for (const record of records) {
    if (host.stateOf(record.info) === 'alive') {
      throw new UsageError(
        'worker.alive',
        `${record.info.identity} is alive on this host; stop it first (capstan stop ${record.info.identity})`,
      )
    }
    const jobs = await recoverWorker(store, record, { cause, now: session.runtime.clock.now() })
    if (jobs !== null) reports.push({ identity: record.info.identity, jobs: jobs.length })
  }
  return reports
}

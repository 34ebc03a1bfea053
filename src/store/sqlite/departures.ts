import type { EpochMs } from '../../kernel/clock.ts'
import type { Claim } from '../exchange.ts'
import type { Recovered, RecoverRequest } from '../transfer.ts'
import type { DeadSet } from './dead-set.ts'
import type { Statements } from './statements.ts'
import { fromStored, type StoredText } from './stored-text.ts'
import type { Transaction } from './transaction.ts'

interface InFlightRow {
  readonly token: number
  readonly queue: string
  readonly job: number
  readonly payload: StoredText
}

/** What a worker holds, in the order of its claims. */
export function inFlight(sql: Statements, identity: string): Claim[] {
  const worker = sql.workerId.get(identity)?.id
  if (worker === undefined) return []
  return rowsOf(sql, worker as number).map(({ token, queue, payload }) => ({
    token: String(token),
    queue,
    payload: fromStored(payload),
  }))
}

/** Hands everything back and forgets the worker. */
export function leave(tx: Transaction, identity: string): void {
  tx.sql.dropSignals.run(identity)
  const worker = tx.sql.workerId.get(identity)?.id as number | undefined
  if (worker === undefined) return
  // From the last claim to the first: each goes in front of the one that was claimed after it.
  for (const { queue, job } of rowsOf(tx.sql, worker).reverse()) tx.prepend(queue, job)
  forget(tx, worker, identity)
}

/** Sends a dead worker's jobs where `revise` says and forgets the worker; null when it lives or is gone already. */
export function recover(tx: Transaction, request: RecoverRequest, dead: DeadSet): Recovered[] | null {
  const { identity, beatAt, now, revise } = request
  const worker = tx.sql.lastBeat.get(identity) as { id: number; beatAt: EpochMs } | undefined
  // Not "later than": a worker whose clock was set back has beaten, too.
  if (worker === undefined || worker.beatAt !== beatAt) return null
  const recovered = rowsOf(tx.sql, worker.id).map(({ job, queue, payload: stored }) => {
    const payload = fromStored(stored)
    return { job, payload, route: revise(payload, queue) }
  })
  for (const { job, route } of recovered.toReversed()) {
    tx.rewrite(job, route.payload)
    if (route.to === 'queue') tx.prepend(route.queue, job)
    else dead.bury(tx, job, { now, reason: route.reason })
  }
  forget(tx, worker.id, identity)
  return recovered.map(({ route, payload }) => ({ route, payload }))
}

function rowsOf(sql: Statements, worker: number): InFlightRow[] {
  return sql.inFlight.all(worker) as unknown as InFlightRow[]
}

function forget(tx: Transaction, worker: number, identity: string): void {
  tx.sql.leaveInFlight.run(worker)
  tx.sql.removeWorker.run(identity)
}

import type { EpochMs } from '../../kernel/clock.ts'
import type { PromoteRequest } from '../transfer.ts'
import type { DeadSet } from './dead-set.ts'
import { fromStored, type StoredText } from './stored-text.ts'
import type { Transaction } from './transaction.ts'

interface DueRow {
  readonly at: EpochMs
  readonly rank: number
  readonly job: number
  readonly payload: StoredText
}

/** The retry set first, then the schedule, each earliest first. */
export function promote(tx: Transaction, request: PromoteRequest, dead: DeadSet): number {
  let moved = 0
  for (const name of ['retry', 'schedule'] as const) {
    const due = tx.sql.dueInSet.all(name, request.now, request.limit - moved) as unknown as DueRow[]
    for (const { at, rank, job, payload } of due) {
      tx.takeFromSet(name, at, rank)
      const route = request.route(fromStored(payload))
      tx.rewrite(job, route.payload)
      if (route.to === 'queue') tx.append(route.queue, job)
      else dead.bury(tx, job, { now: request.now, reason: route.reason })
    }
    moved += due.length
  }
  return moved
}

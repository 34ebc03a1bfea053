import type { Claim, ExchangeReply, ExchangeRequest, Settlement } from '../exchange.ts'
import type { DeadSet } from './dead-set.ts'
import { fromStored, type StoredText } from './stored-text.ts'
import type { Transaction } from './transaction.ts'

/** Settles first, so that a job handed back may be claimed again in the same step. */
export function exchange(tx: Transaction, request: ExchangeRequest, dead: DeadSet): ExchangeReply {
  const worker = (tx.sql.workerId.get(request.identity)?.id ?? null) as number | null
  const refused =
    worker === null ? request.settle.map(tokenOf) : new Settling(tx, worker, dead).settle(request)
  const paused = pausedOf(tx, request.queues)
  return {
    registered: worker !== null,
    claims: worker === null ? [] : claim(tx, worker, request),
    refused,
    paused,
  }
}

const tokenOf = ({ token }: Settlement): string => token

function pausedOf(tx: Transaction, queues: readonly string[]): string[] {
  const paused = tx.sql.pausedQueues.all()
  if (paused.length === 0) return []
  const names = new Set(paused.map(({ name }) => name))
  return queues.filter((queue) => names.has(queue))
}

function claim(tx: Transaction, worker: number, { queues, count }: ExchangeRequest): Claim[] {
  const claims: Claim[] = []
  for (const queue of queues) {
    if (claims.length >= count) break
    for (const claimed of claimFrom(tx, queue, { worker, count: count - claims.length })) claims.push(claimed)
  }
  return claims
}

function claimFrom(
  tx: Transaction,
  name: string,
  { worker, count }: { worker: number; count: number },
): Claim[] {
  const queue = tx.queue(name)
  if (queue === null || queue.size === 0 || queue.paused === 1) return []
  const rows = tx.sql.firstWaiting.all(queue.id, count) as unknown as [rank: number, payload: StoredText][]
  if (rows.length === 0) return []
  const [first, last] = [rows[0]![0], rows.at(-1)![0]]
  tx.sql.claimRange.run(worker, tx.nextNumber(), name, queue.id, first, last)
  tx.sql.leaveWaiting.run(queue.id, first, last)
  tx.resize(queue, -rows.length)
  return rows.map(([rank, payload]) => ({ token: String(rank), queue: name, payload: fromStored(payload) }))
}

/** Settles the finished jobs of one worker. */
class Settling {
  readonly #tx: Transaction
  readonly #worker: number
  readonly #dead: DeadSet

  constructor(tx: Transaction, worker: number, dead: DeadSet) {
    this.#tx = tx
    this.#worker = worker
    this.#dead = dead
  }

  /** Returns the tokens that were not in flight for this worker, in the order given. */
  settle({ settle, now }: ExchangeRequest): string[] {
    const refused = new Set<Settlement>()
    const done = new Map<number, Settlement>()
    for (const settlement of settle) {
      const rank = Number(settlement.token)
      const isRepeat = done.has(rank)
      if (settlement.to === 'done' && !isRepeat) done.set(rank, settlement)
      else if (settlement.to === 'done' || isRepeat || !this.#place(settlement, now)) refused.add(settlement)
    }
    for (const settlement of this.#finish(done)) refused.add(settlement)
    return refused.size === 0 ? [] : settle.filter((settlement) => refused.has(settlement)).map(tokenOf)
  }

  /** Moves one job that goes on. False when it is not in flight. */
  #place(settlement: Exclude<Settlement, { to: 'done' }>, now: number): boolean {
    const taken = this.#tx.sql.takeInFlight.get(this.#worker, Number(settlement.token))
    if (taken === undefined) return false
    const { job, queue } = taken as { job: number; queue: string }
    this.#tx.rewrite(job, settlement.payload)
    if (settlement.to === 'queue') this.#tx.prepend(queue, job)
    else if (settlement.to === 'dead') this.#dead.bury(this.#tx, job, { now, reason: settlement.reason })
    else this.#tx.addToSet(settlement.to, { job, at: settlement.at, reason: null })
    return true
  }

  /** Deletes all jobs that are done in two statements, whatever their number. Returns those that are not in flight. */
  #finish(done: Map<number, Settlement>): Settlement[] {
    if (done.size === 0) return []
    const tokens = `[${[...done.keys()].filter(Number.isSafeInteger).join()}]`
    const finished = Number(this.#tx.sql.finishJobs.run(this.#worker, tokens).changes)
    const gone = finished === done.size ? [] : this.#notInFlight(done)
    this.#tx.sql.finishInFlight.run(this.#worker, tokens)
    return gone
  }

  #notInFlight(done: Map<number, Settlement>): Settlement[] {
    const held = new Set(
      this.#tx.sql.inFlightTokens.all(this.#worker).map((row) => (row as unknown as [number])[0]),
    )
    return [...done].filter(([token]) => !held.has(token)).map(([, settlement]) => settlement)
  }
}

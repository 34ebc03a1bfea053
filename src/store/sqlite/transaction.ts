import type { EpochMs } from '../../kernel/clock.ts'
import type { Statements } from './statements.ts'
import { type StoredText, toStored } from './stored-text.ts'

export type SetName = 'schedule' | 'retry' | 'dead'

export interface QueueRow {
  readonly id: number
  readonly name: string
  size: number
  readonly paused: number
}

export interface Counters {
  back: number
  front: number
  processed: number
  failed: number
  schedule: number
  retry: number
  dead: number
}

/**
 * Puts jobs into places within one transaction, and keeps the numbers that go with them: ranks, sizes, totals.
 * What it keeps is read when first needed and written once, by `finish`.
 */
export class Transaction {
  readonly sql: Statements
  /** Queues that may have become claimable: whoever waits for them is to be woken after the commit. */
  readonly filled = new Set<string>()
  readonly #queues = new Map<string, QueueRow>()
  readonly #resized = new Set<QueueRow>()
  #counters: Counters | null = null

  constructor(sql: Statements) {
    this.sql = sql
  }

  /** Totals and set sizes; changes made to them are saved. */
  get counters(): Counters {
    this.#counters ??= this.sql.counters.get() as unknown as Counters
    return this.#counters
  }

  /** Greater than every number before, in all transactions: a job's number, a rank at the back, or a claim's place in time. */
  nextNumber(): number {
    this.counters.back += 1
    return this.counters.back
  }

  /** The queue as this transaction sees it; null when no job ever came to it. */
  queue(name: string): QueueRow | null {
    const known = this.#queues.get(name) ?? (this.sql.queue.get(name) as QueueRow | undefined)
    if (known === undefined) return null
    this.#queues.set(name, known)
    return known
  }

  resize(queue: QueueRow, by: number): void {
    queue.size += by
    this.#resized.add(queue)
  }

  /** Stores a payload; the job is in no place yet. */
  createJob(payload: string): number {
    const job = this.nextNumber()
    this.sql.addJob.run(job, toStored(payload))
    return job
  }

  /** Gives a job other bytes, unless `payload` is null. */
  rewrite(job: number, payload: string | null): void {
    if (payload !== null) this.sql.rewriteJob.run(toStored(payload), job)
  }

  payloadOf(job: number): StoredText {
    return this.sql.payload.get(job)!.payload as StoredText
  }

  append(queue: string, job: number): void {
    this.#enqueue(queue, job, this.nextNumber())
  }

  /** To the front of its queue: jobs that go together come in reverse, the first to run last. */
  prepend(queue: string, job: number): void {
    this.counters.front -= 1
    this.#enqueue(queue, job, this.counters.front)
  }

  addToSet(name: SetName, entry: { job: number; at: EpochMs; reason: string | null }): void {
    this.counters[name] += 1
    this.sql.addToSet.run(name, entry.at, this.nextNumber(), entry.job, entry.reason)
  }

  /** Takes an entry out of a set. Returns its job, which is in no place then; null when it is not there. */
  takeFromSet(name: SetName, at: EpochMs, rank: number): number | null {
    const taken = this.sql.takeFromSet.get(name, at, rank)
    if (taken === undefined) return null
    this.counters[name] -= 1
    return taken.job as number
  }

  /** Writes what was kept. To be called before the commit. */
  finish(): void {
    for (const queue of this.#resized) this.sql.resizeQueue.run(queue.size, queue.id)
    if (this.#counters !== null) this.sql.saveCounters.run({ ...this.#counters })
  }

  #enqueue(name: string, job: number, rank: number): void {
    const queue = this.queue(name) ?? this.#addQueue(name)
    this.sql.addWaiting.run(queue.id, rank, job)
    this.resize(queue, 1)
    this.filled.add(name)
  }

  #addQueue(name: string): QueueRow {
    const queue = this.sql.addQueue.get(name) as unknown as QueueRow
    this.#queues.set(name, queue)
    return queue
  }
}

import type { EpochMs } from '../../kernel/clock.ts'
import type { Transaction } from './transaction.ts'

/** How much the dead set may hold. */
export interface DeadLimits {
  readonly deadMaxJobs: number
  readonly deadMaxAgeMs: number
}

/** Puts jobs into the dead set and drops those that are too old or too many, the oldest first. */
export class DeadSet {
  readonly #limits: DeadLimits

  constructor(limits: DeadLimits) {
    this.#limits = limits
  }

  /** Adds a job that is in no place. */
  bury(tx: Transaction, job: number, { now, reason }: { now: EpochMs; reason: string | null }): void {
    tx.addToSet('dead', { job, at: now, reason })
    this.#drop(tx, tx.sql.tooOldInSet.all('dead', now - this.#limits.deadMaxAgeMs))
    const tooMany = tx.counters.dead - this.#limits.deadMaxJobs
    if (tooMany > 0) this.#drop(tx, tx.sql.firstInSet.all('dead', tooMany))
  }

  #drop(tx: Transaction, entries: unknown[]): void {
    for (const { at, rank } of entries as { at: EpochMs; rank: number }[]) {
      const job = tx.takeFromSet('dead', at, rank)
      if (job !== null) tx.sql.deleteJob.run(job)
    }
  }
}

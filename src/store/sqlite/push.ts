import type { EpochMs } from '../../kernel/clock.ts'
import { type PushBatch, type PushJob, TOKEN_MS } from '../transfer.ts'
import type { DiskSpace } from './disk-space.ts'
import type { Transaction } from './transaction.ts'

/** Tokens of callers that never said they got their answer are swept this often: often enough to stay few, seldom enough to cost nothing. */
const SWEEP_MS = TOKEN_MS / 4

/** Adds jobs once per token. */
export class Pushes {
  readonly #space: DiskSpace
  #sweptAt: EpochMs = Number.NEGATIVE_INFINITY

  constructor(space: DiskSpace) {
    this.#space = space
  }

  push(tx: Transaction, { token, now, jobs, answered = [] }: PushBatch): void {
    for (const old of answered) tx.sql.forgetPush.run(old)
    this.#sweep(tx, now)
    const before = tx.sql.pushedAt.get(token)
    if (before !== undefined && now - (before.at as EpochMs) < TOKEN_MS) return
    // Not earlier: what is stored already is answered on a full disk, too.
    this.#space.admit(sizeOf(jobs))
    tx.sql.rememberPush.run(token, now)
    for (const { queue, payload, at } of jobs) {
      const job = tx.createJob(payload)
      if (at === null) tx.append(queue, job)
      else tx.addToSet('schedule', { job, at, reason: null })
    }
  }

  #sweep(tx: Transaction, now: EpochMs): void {
    if (now - this.#sweptAt < SWEEP_MS) return
    tx.sql.forgetOldPushes.run(now - TOKEN_MS)
    this.#sweptAt = now
  }
}

/** Nearly: payloads are mostly ASCII, and this is asked for each. */
function sizeOf(jobs: readonly PushJob[]): number {
  let sizeBytes = 0
  for (const { payload } of jobs) sizeBytes += payload.length
  return sizeBytes
}

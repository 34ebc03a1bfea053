import type { EpochMs } from '../../kernel/clock.ts'
import type { Beat, BeatReply, WorkerRecord, WorkerSignal } from '../worker-record.ts'
import type { Statements } from './statements.ts'
import type { Transaction } from './transaction.ts'

const SECOND_MS = 1_000

interface LastBeat {
  readonly id: number
  readonly beatAt: EpochMs
  readonly signal: WorkerSignal | null
}

/** A beat with the `now` of the last one is its repeat: it counts nothing and gets the same signal. */
export function heartbeat(tx: Transaction, beat: Beat): BeatReply {
  const { identity } = beat.worker
  const last = tx.sql.lastBeat.get(identity) as LastBeat | undefined
  const isRepeat = last?.beatAt === beat.now
  if (!isRepeat) count(tx, beat)
  const signal = isRepeat ? last.signal : takeSignal(tx, identity)
  tx.sql.saveWorker.run({
    identity,
    info: JSON.stringify(beat.worker),
    beatAt: beat.now,
    quiet: beat.quiet ? 1 : 0,
    rssKib: beat.rssKib,
    running: JSON.stringify(beat.running),
    signal,
  })
  return { isNew: last === undefined, signal, inFlight: last === undefined ? [] : tokensOf(tx, last.id) }
}

/** Every registered worker, in the order of registration. */
export function workers(sql: Statements): WorkerRecord[] {
  return sql.workers.all().map(({ info, beatAt, quiet, rssKib, running }) => ({
    info: JSON.parse(info as string),
    beatAt: beatAt as EpochMs,
    quiet: quiet === 1,
    rssKib: rssKib as number,
    running: JSON.parse(running as string),
  }))
}

function takeSignal(tx: Transaction, identity: string): WorkerSignal | null {
  return (tx.sql.takeSignal.get(identity)?.signal ?? null) as WorkerSignal | null
}

function tokensOf(tx: Transaction, worker: number): string[] {
  const rows = tx.sql.inFlightTokens.all(worker) as unknown as [number][]
  return rows.map(([token]) => String(token))
}

function count(tx: Transaction, { now, processed, failed }: Beat): void {
  if (processed === 0 && failed === 0) return
  tx.counters.processed += processed
  tx.counters.failed += failed
  tx.sql.countDay.run(Math.floor(now / SECOND_MS), processed, failed)
}

import type { EpochMs } from '../../kernel/clock.ts'
import { utcDay } from '../../kernel/utc-day.ts'
import type { Beat, BeatReply, WorkerRecord, WorkerSignal } from '../worker-record.ts'
import type { MemoryState } from './memory-state.ts'

/** A beat with the `now` of the last one is its repeat: it counts nothing and gets the same signal. */
export const heartbeat =
  (state: MemoryState) =>
  (beat: Beat): BeatReply => {
    const { identity } = beat.worker
    const known = state.workers.get(identity)
    const isRepeat = known?.record.beatAt === beat.now
    if (!isRepeat) count(state, beat.now, beat)
    const signal = isRepeat ? known.lastSignal : (state.signals.get(identity)?.shift() ?? null)
    const inFlight = known?.inFlight ?? new Map()
    state.workers.set(identity, { record: recordOf(beat), inFlight, lastSignal: signal })
    return { isNew: known === undefined, signal, inFlight: [...inFlight.keys()] }
  }

export const workers = (state: MemoryState) => (): WorkerRecord[] =>
  [...state.workers.values()].map((worker) => worker.record)

export const signal =
  (state: MemoryState) =>
  (identity: string, message: WorkerSignal): void => {
    state.signals.set(identity, [...(state.signals.get(identity) ?? []), message])
  }

function count(state: MemoryState, now: EpochMs, { processed, failed }: Beat): void {
  const day = utcDay(now)
  const before = state.counts.get(day) ?? { processed: 0, failed: 0 }
  state.counts.set(day, { processed: before.processed + processed, failed: before.failed + failed })
}

function recordOf({ worker, now, quiet, rssKib, running }: Beat): WorkerRecord {
  return structuredClone({ info: worker, beatAt: now, quiet, rssKib, running })
}

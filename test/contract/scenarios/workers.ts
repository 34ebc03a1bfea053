import assert from 'node:assert/strict'
import type { Beat } from '../../../src/store/worker-record.ts'
import { ANN, BOB, job, payloadsOf, type Scenarios, type Stage, T0, workerInfo } from '../stage.ts'

const DAY_MS = 86_400_000
const stays = (_payload: string, queue: string) => ({ to: 'queue', queue, payload: null }) as const
const MIDNIGHT = Date.UTC(2025, 9, 15)

/** Beats with these counts, one after the other. */
async function count(stage: Stage, ...beats: ReadonlyArray<Pick<Beat, 'now' | 'processed' | 'failed'>>) {
  for (const beat of beats) await stage.beat(ANN, beat)
}

export const workers: Scenarios = {
  'a beat registers a worker with all that it says about itself': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    const running = [{ token, queue: 'a', payload: job('j1'), startedAt: T0 - 250 }]
    await stage.beat(ANN, { now: T0 + 10, quiet: true, rssKib: 77_000, running })
    assert.deepEqual(await stage.store.workers(), [
      { info: workerInfo(ANN), beatAt: T0 + 10, quiet: true, rssKib: 77_000, running },
    ])
  },

  'the next beat replaces what the last one said': async (stage) => {
    const running = [{ token: 'x', queue: 'a', payload: job('j1'), startedAt: T0 }]
    await stage.beat(ANN, { running, quiet: true })
    await stage.beat(ANN, { now: T0 + 10_000, rssKib: 1 })
    const [record, ...others] = await stage.store.workers()
    assert.deepEqual(record, {
      info: workerInfo(ANN),
      beatAt: T0 + 10_000,
      quiet: false,
      rssKib: 1,
      running: [],
    })
    assert.deepEqual(others, [])
  },

  'every worker is registered by itself': async (stage) => {
    const other = stage.through(await stage.connect())
    await Promise.all([stage.beat(ANN), other.beat(BOB, { now: T0 + 1 })])
    const seen = (await stage.store.workers()).map((worker) => [worker.info.identity, worker.beatAt])
    assert.deepEqual(seen.toSorted(), [
      [ANN, T0],
      [BOB, T0 + 1],
    ])
    assert.equal((await stage.store.stats(T0, 1)).workers, 2)
  },

  'a worker that does not beat any more is still listed': async (stage) => {
    await stage.beat(ANN)
    await stage.beat(BOB, { now: T0 + 3 * DAY_MS })
    assert.equal((await stage.store.workers()).length, 2)
    await stage.push('a', job('j1'))
    const reply = await stage.exchange(ANN, { now: T0 + 3 * DAY_MS, count: 1 })
    assert.deepEqual([reply.registered, payloadsOf(reply.claims)], [true, [job('j1')]])
  },

  'a beat says whether the worker is new': async (stage) => {
    const isNew = async (now: number) => (await stage.beat(ANN, { now })).isNew
    assert.deepEqual([await isNew(T0), await isNew(T0), await isNew(T0 + 1)], [true, false, false])
    await stage.store.leave(ANN, T0 + 2)
    assert.deepEqual([await isNew(T0 + 3), await isNew(T0 + 4)], [true, false])
    await stage.store.recover({ identity: ANN, now: T0 + 5, beatAt: T0 + 4, revise: stays })
    assert.equal(await isNew(T0 + 6), true)
  },

  'a beat is answered with the tokens of all that is in flight for the worker': async (stage) => {
    assert.deepEqual((await stage.beat(ANN)).inFlight, [])
    await stage.push('a', job('j1'), job('j2'), job('j3'))
    const [first, ...others] = await stage.claim(ANN, 3)
    await stage.settle(ANN, { token: first!.token, to: 'done' })
    const { inFlight } = await stage.beat(ANN, { now: T0 + 1 })
    assert.deepEqual(inFlight.toSorted(), others.map((claim) => claim.token).toSorted())
    assert.deepEqual((await stage.beat(BOB)).inFlight, [])
  },

  'what beats counted adds up, over all workers': async (stage) => {
    await count(stage, { now: T0, processed: 5, failed: 2 }, { now: T0 + 1, processed: 3, failed: 0 })
    await stage.beat(BOB, { now: T0 + 1, processed: 10, failed: 1 })
    const { processed, failed, days } = await stage.store.stats(T0, 1)
    assert.deepEqual([processed, failed], [18, 3])
    assert.deepEqual(days, [{ date: '2025-10-14', processed: 18, failed: 3 }])
  },

  'counts belong to the UTC day of their beat, to the millisecond': async (stage) => {
    await count(
      stage,
      { now: MIDNIGHT - 1, processed: 1, failed: 1 },
      { now: MIDNIGHT, processed: 20, failed: 2 },
      { now: MIDNIGHT + 1, processed: 400, failed: 4 },
    )
    const { days, processed, failed } = await stage.store.stats(MIDNIGHT, 2)
    assert.deepEqual(days, [
      { date: '2025-10-15', processed: 420, failed: 6 },
      { date: '2025-10-14', processed: 1, failed: 1 },
    ])
    assert.deepEqual([processed, failed], [421, 7])
  },

  'statistics show one row a day, today first, also for days without jobs': async (stage) => {
    await count(stage, { now: Date.UTC(2024, 1, 28), processed: 1, failed: 0 })
    await count(stage, { now: Date.UTC(2024, 2, 1, 23, 59), processed: 2, failed: 1 })
    const { days, processed } = await stage.store.stats(Date.UTC(2024, 2, 2, 0, 0, 0, 0), 4)
    assert.deepEqual(days, [
      { date: '2024-03-02', processed: 0, failed: 0 },
      { date: '2024-03-01', processed: 2, failed: 1 },
      { date: '2024-02-29', processed: 0, failed: 0 },
      { date: '2024-02-28', processed: 1, failed: 0 },
    ])
    assert.equal(processed, 3)
  },

  'statistics can do without days': async (stage) => {
    await count(stage, { now: T0, processed: 4, failed: 1 })
    const { days, processed, failed } = await stage.store.stats(T0, 0)
    assert.deepEqual([days, processed, failed], [[], 4, 1])
  },

  'a repeated beat does not count twice': async (stage) => {
    const beat = { now: T0 + 1, processed: 3, failed: 1 }
    await count(stage, { now: T0, processed: 1, failed: 0 }, beat, beat, beat)
    const { processed, failed } = await stage.store.stats(T0, 1)
    assert.deepEqual([processed, failed], [4, 1])
  },

  'a repeated beat is answered with the same signal again': async (stage) => {
    await stage.beat(ANN)
    await stage.store.signal(ANN, 'TSTP')
    assert.equal((await stage.beat(ANN, { now: T0 + 1 })).signal, 'TSTP')
    assert.equal((await stage.beat(ANN, { now: T0 + 1 })).signal, 'TSTP')
    assert.equal((await stage.beat(ANN, { now: T0 + 2 })).signal, null)
  },

  'signals are taken once each, in their order, one a beat': async (stage) => {
    await stage.beat(ANN)
    for (const signal of ['TTIN', 'TSTP', 'TERM'] as const) await stage.store.signal(ANN, signal)
    const taken: unknown[] = []
    for (const beat of [1, 2, 3, 4]) taken.push((await stage.beat(ANN, { now: T0 + beat })).signal)
    assert.deepEqual(taken, ['TTIN', 'TSTP', 'TERM', null])
  },

  'a signal is only for the worker it was left for': async (stage) => {
    await stage.beat(ANN)
    await stage.beat(BOB)
    await stage.store.signal(BOB, 'TERM')
    assert.equal((await stage.beat(ANN, { now: T0 + 1 })).signal, null)
    assert.equal((await stage.beat(BOB, { now: T0 + 1 })).signal, 'TERM')
  },
}

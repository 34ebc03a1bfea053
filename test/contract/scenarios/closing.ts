import assert from 'node:assert/strict'
import type { EntryRef } from '../../../src/store/inspection.ts'
import type { Store } from '../../../src/store/store.ts'
import type { StoreMethod } from '../../../src/testing/faulty-store.ts'
import { ALL, ANN, BOB, beatOf, isClosed, job, payloadsOf, type Scenarios, T0 } from '../stage.ts'

type Rejecting = Exclude<StoreMethod, 'waitForJobs' | 'close'>

/** A call of every method that must be refused by a closed connection. */
const CALLS: Readonly<Record<Rejecting, (store: Store) => Promise<unknown>>> = {
  push: (store) =>
    store.push({ token: 'late', now: T0, jobs: [{ queue: 'a', payload: job('late'), at: null }] }),
  exchange: (store) => store.exchange({ identity: ANN, now: T0, settle: [], queues: ['a'], count: 1 }),
  heartbeat: (store) => store.heartbeat(beatOf(BOB)),
  inFlight: (store) => store.inFlight(ANN),
  leave: (store) => store.leave(ANN, T0),
  prepareToLeave: (store) => store.prepareToLeave(ANN, T0),
  workers: (store) => store.workers(),
  recover: (store) =>
    store.recover({
      identity: ANN,
      now: T0,
      beatAt: T0,
      revise: (payload, queue) => ({ to: 'queue', queue, payload }),
    }),
  promote: (store) =>
    store.promote({ now: T0, limit: 1, route: (payload) => ({ to: 'queue', queue: 'a', payload }) }),
  queues: (store) => store.queues(T0),
  list: (store) => store.list({ queue: 'a' }, ALL),
  move: (store) => store.move({ queue: 'a' }, '1' as EntryRef, { to: 'nowhere' }),
  clear: (store) => store.clear({ queue: 'a' }),
  pause: (store) => store.pause('a', true),
  signal: (store) => store.signal(ANN, 'TERM'),
  stats: (store) => store.stats(T0, 1),
  ping: (store) => store.ping(),
}

export const closing: Scenarios = {
  'a closed connection refuses every call and changes nothing': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    await stage.store.close()
    for (const [method, call] of Object.entries(CALLS)) {
      await assert.rejects(call(stage.store), isClosed, `${method} on a closed connection`)
    }
    assert.deepEqual(payloadsOf(await other.claim(ANN, 5)), [job('j1')])
    assert.deepEqual(
      (await other.store.workers()).map((worker) => worker.info.identity),
      [ANN],
    )
  },

  'calls under way when a connection is closed are answered or refused, never left hanging': async (
    stage,
  ) => {
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    const outcomes = Promise.allSettled(Object.values(CALLS).map((call) => call(stage.store)))
    await stage.store.close()
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === 'fulfilled' || isClosed(outcome.reason), String(outcome))
    }
  },

  'closing twice is harmless': async (stage) => {
    await stage.store.close()
    await stage.store.close()
  },

  'closing one connection leaves the others and the state alone': async (stage) => {
    const other = await stage.connect()
    await stage.push('a', job('j1'))
    await stage.store.close()
    assert.deepEqual(payloadsOf(await other.list({ queue: 'a' }, ALL)), [job('j1')])
    await other.close()
    const third = await stage.connect()
    assert.deepEqual(payloadsOf(await third.list({ queue: 'a' }, ALL)), [job('j1')])
  },

  'closing ends a wait for jobs': async (stage) => {
    await stage.beat(ANN)
    const waiting = stage.wait(ANN, ['a'])
    await stage.store.close()
    await waiting
    await stage.wait(ANN, ['a'])
  },
}

import assert from 'node:assert/strict'
import { StoreError } from '../../../src/kernel/errors.ts'
import { type Random, seededRandom } from '../../../src/kernel/random.ts'
import type { Settlement } from '../../../src/store/exchange.ts'
import { type FaultPlan, faultyStore, randomFaults } from '../../../src/testing/faulty-store.ts'
import {
  ALL,
  ANN,
  BOB,
  beatOf,
  job,
  payloadsOf,
  type Scenario,
  type Scenarios,
  type Stage,
  T0,
} from '../stage.ts'

/** The first answer of every method is lost. */
const loseFirst: FaultPlan = (_method, nth) => (nth === 1 ? 'after' : 'pass')

/** A stage that loses answers, on the state of the given one. */
const losing = (stage: Stage, plan: FaultPlan = loseFirst) => stage.through(faultyStore(stage.store, plan))

/** Calls again until there is an answer, as everyone must whose answer was lost. */
async function again<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StoreError && error.retryable)) throw error
    }
  }
}

/** Far more than it takes; a job that was lost must fail the scenario, not keep it running. */
const MOST_ROUNDS = 1_000

const toQueueA = () => ({ to: 'queue', queue: 'a', payload: null }) as const

const settlements: ReadonlyArray<(token: string) => Settlement> = [
  (token) => ({ token, to: 'done' }),
  (token) => ({ token, to: 'retry', payload: job('retry'), at: T0 + 1 }),
  (token) => ({ token, to: 'schedule', payload: job('later'), at: T0 + 1 }),
  (token) => ({ token, to: 'dead', payload: null, reason: 'odd' }),
  (token) => ({ token, to: 'queue', payload: null }),
]

/** Pushes, claims and settles while answers and calls get lost: every job must be done exactly once. */
function everyJobDoneOnce(seed: number): Scenario {
  return async (stage) => {
    const random = seededRandom(seed)
    const lossy = losing(stage, randomFaults(random, { before: 0.15, after: 0.25 }))
    const all = Array.from({ length: 40 }, (_, index) => job(`j${index}`))
    await again(() => lossy.beat(ANN))
    for (const payload of all) {
      const batch = { token: stage.freshToken(), now: T0, jobs: [{ queue: 'a', payload, at: null }] }
      await again(() => lossy.store.push(batch))
    }
    const done: string[] = []
    for (let round = 0; done.length < all.length && round < MOST_ROUNDS; round++) {
      done.push(...(await workOff(lossy, random)))
    }
    assert.deepEqual(done.toSorted(), all.toSorted())
    const { enqueued, inFlight } = await stage.store.stats(T0, 1)
    assert.deepEqual([enqueued, inFlight], [0, 0])
  }
}

/** One round of a worker that trusts what is in flight for it, not the answers to its claims. */
async function workOff(lossy: Stage, random: Random): Promise<string[]> {
  await lossy.claim(ANN, 1 + Math.floor(random.float() * 4)).catch(() => [])
  const held = await again(() => lossy.store.inFlight(ANN))
  const settle = held.map(({ token }) => ({ token, to: 'done' }) as const)
  await again(() => lossy.exchange(ANN, { settle, count: 0 }))
  return payloadsOf(held)
}

export const lostAnswers: Scenarios = {
  'a push whose answer was lost is repeated without a second job': async (stage) => {
    const lossy = losing(stage)
    const jobs = [
      { queue: 'a', payload: job('j1'), at: null },
      { queue: 'a', payload: job('j2'), at: T0 + 1 },
    ]
    const batch = { token: stage.freshToken(), now: T0, jobs }
    await again(() => lossy.store.push(batch))
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.deepEqual(payloadsOf(await stage.entries('schedule')), [job('j2')])
  },

  'a settlement whose answer was lost is repeated without a second effect': async (stage) => {
    for (const settlement of settlements) {
      const { token } = await stage.claimOne(ANN, job('j1'))
      const lossy = losing(stage)
      const reply = await again(() => lossy.settle(ANN, settlement(token)))
      assert.deepEqual(reply.refused, [token])
      const { enqueued, scheduled, retries, dead, inFlight } = await stage.store.stats(T0, 1)
      assert.equal(inFlight, 0)
      assert.equal(enqueued + scheduled + retries + dead, settlement(token).to === 'done' ? 0 : 1)
      await stage.store.clear({ queue: 'a' })
      for (const set of ['schedule', 'retry', 'dead'] as const) await stage.store.clear({ set })
    }
  },

  'jobs whose claim was lost with its answer are seen in flight and can be settled': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('j1'), job('j2'), job('j3'))
    const lossy = losing(stage)
    const got = await again(() => lossy.claim(ANN, 2))
    const held = await stage.store.inFlight(ANN)
    assert.deepEqual(payloadsOf(held).toSorted(), [job('j1'), job('j2'), job('j3')])
    const { inFlight } = await stage.beat(ANN, { now: T0 + 1 })
    assert.deepEqual(inFlight.toSorted(), held.map((claim) => claim.token).toSorted())
    const lost = held.filter((claim) => got.every((known) => known.token !== claim.token))
    assert.equal(lost.length, 2)
    const done = lost.map(({ token }) => ({ token, to: 'done' }) as const)
    assert.deepEqual((await stage.settle(ANN, ...done)).refused, [])
    assert.deepEqual(await stage.store.inFlight(ANN), got)
  },

  'a beat whose answer was lost is repeated without counting twice or losing a signal': async (stage) => {
    await stage.beat(ANN)
    await stage.store.signal(ANN, 'TSTP')
    const lossy = losing(stage)
    const beat = { now: T0 + 1, processed: 7, failed: 2 }
    assert.equal((await again(() => lossy.beat(ANN, beat))).signal, 'TSTP')
    const { processed, failed } = await stage.store.stats(T0, 1)
    assert.deepEqual([processed, failed], [7, 2])
  },

  'a first beat whose answer was lost is repeated without counting twice': async (stage) => {
    const lossy = losing(stage)
    await again(() => lossy.store.heartbeat(beatOf(ANN, { processed: 3 })))
    assert.equal((await stage.store.stats(T0, 1)).processed, 3)
  },

  'a leave whose answer was lost is repeated without harm to who claimed since': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    await stage.beat(BOB)
    await assert.rejects(losing(stage).store.leave(ANN, T0))
    const bob = await stage.claim(BOB, 1)
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.store.inFlight(BOB), bob)
    assert.deepEqual(await stage.queued('a'), [])
  },

  'a recovery whose answer was lost is repeated without a second effect': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    const lossy = losing(stage)
    const request = { identity: ANN, now: T0, beatAt: T0, revise: toQueueA }
    assert.equal(await again(() => lossy.store.recover(request)), null)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a promotion whose answer was lost is repeated without a second effect': async (stage) => {
    await stage.schedule('a', job('j1'), T0)
    const lossy = losing(stage)
    assert.equal(await again(() => lossy.store.promote({ now: T0, limit: 9, route: toQueueA })), 0)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a move whose answer was lost is repeated without a second effect': async (stage) => {
    await stage.push('b', job('j1'))
    const [entry] = await stage.store.list({ queue: 'b' }, ALL)
    const lossy = losing(stage)
    assert.equal(await again(() => lossy.store.move({ queue: 'b' }, entry!.ref, toQueueA())), false)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a pause or a clear whose answer was lost is repeated without harm': async (stage) => {
    await stage.push('a', job('j1'))
    await stage.push('b', job('j2'))
    const lossy = losing(stage)
    await again(() => lossy.store.pause('a', true))
    assert.equal(await again(() => lossy.store.clear({ queue: 'b' })), 0)
    assert.deepEqual(await stage.store.queues(T0), [{ name: 'a', size: 1, paused: true, oldest: job('j1') }])
  },

  ...Object.fromEntries(
    [11, 12, 13, 14, 15].map((seed) => [
      `every job is done once while calls and answers get lost (seed ${seed})`,
      everyJobDoneOnce(seed),
    ]),
  ),
}

import assert from 'node:assert/strict'
import { ANN, job, payloadsOf, type Scenarios, type Stage, T0 } from '../stage.ts'

const jobs = (...names: string[]) => names.map(job)

/** One job in every place: queues `a` (2) and `b`, in flight, schedule, retry and dead. */
export async function oneOfEach(stage: Stage): Promise<void> {
  await stage.beat(ANN)
  await stage.push('b', ...jobs('to retry', 'to die', 'in flight', 'queued b'))
  const [retry, dead] = await stage.claim(ANN, 3, ['b'])
  await stage.exchange(ANN, {
    now: T0 + 1,
    settle: [
      { token: retry!.token, to: 'retry', payload: job('retry'), at: T0 + 15_000 },
      { token: dead!.token, to: 'dead', payload: job('dead'), reason: 'too often' },
    ],
  })
  await stage.push('a', ...jobs('queued a1', 'queued a2'))
  await stage.schedule('a', job('scheduled'), T0 + 60_000)
}

export const inspecting: Scenarios = {
  'queues are listed by name with size, next job and pause': async (stage) => {
    await stage.push('b', ...jobs('b1', 'b2'))
    await stage.push('c', job('c1'))
    await stage.push('a', job('a1'))
    await stage.store.pause('c', true)
    assert.deepEqual(await stage.store.queues(T0), [
      { name: 'a', size: 1, paused: false, oldest: job('a1') },
      { name: 'b', size: 2, paused: false, oldest: job('b1') },
      { name: 'c', size: 1, paused: true, oldest: job('c1') },
    ])
    await stage.store.pause('c', false)
    assert.equal((await stage.store.queues(T0))[2]?.paused, false)
  },

  'an empty queue stays in the list': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    assert.deepEqual(await stage.store.queues(T0), [{ name: 'a', size: 0, paused: false, oldest: null }])
  },

  'no jobs, no queues, no workers: everything is empty': async (stage) => {
    assert.deepEqual(await stage.store.queues(T0), [])
    assert.deepEqual(await stage.store.workers(), [])
    for (const set of ['schedule', 'retry', 'dead'] as const) assert.deepEqual(await stage.entries(set), [])
    const { days: _days, ...sums } = await stage.store.stats(T0, 1)
    assert.deepEqual(new Set(Object.values(sums)), new Set([0]))
  },

  'a queue that gets a job only by a promotion, a move or a recovery is listed, too': async (stage) => {
    await stage.schedule('a', job('j1'), T0)
    await stage.store.promote({
      now: T0,
      limit: 1,
      route: () => ({ to: 'queue', queue: 'promoted', payload: null }),
    })
    await stage.claimOne(ANN, job('j2'))
    await stage.store.recover({
      identity: ANN,
      now: T0,
      beatAt: T0,
      revise: () => ({ to: 'queue', queue: 'recovered', payload: null }),
    })
    await stage.push('a', job('j3'))
    const [entry] = await stage.store.list({ queue: 'a' }, { offset: 0, limit: 1 })
    await stage.store.move({ queue: 'a' }, entry!.ref, { to: 'queue', queue: 'moved', payload: null })
    const names = (await stage.store.queues(T0)).map((queue) => queue.name)
    assert.deepEqual(names, ['a', 'moved', 'promoted', 'recovered'])
  },

  'a queue is listed next to run first': async (stage) => {
    await stage.push('a', ...jobs('j1', 'j2', 'j3'))
    await stage.beat(ANN)
    const claims = await stage.claim(ANN, 1)
    assert.deepEqual(await stage.queued('a'), jobs('j2', 'j3'))
    await stage.settle(ANN, { token: claims[0]!.token, to: 'queue', payload: null })
    const entries = await stage.store.list({ queue: 'a' }, { offset: 0, limit: 10 })
    assert.deepEqual(payloadsOf(entries), jobs('j1', 'j2', 'j3'))
    for (const entry of entries) assert.deepEqual([entry.at, entry.reason], [null, null])
  },

  'a set is listed earliest first': async (stage) => {
    for (const [name, at] of [
      ['j3', 300],
      ['j1', 100],
      ['j2', 200],
    ] as const) {
      await stage.schedule('a', job(name), T0 + at)
    }
    const entries = await stage.entries('schedule')
    assert.deepEqual(
      entries.map(({ payload, at, reason }) => [payload, at, reason]),
      [
        [job('j1'), T0 + 100, null],
        [job('j2'), T0 + 200, null],
        [job('j3'), T0 + 300, null],
      ],
    )
  },

  'every place has its own entries': async (stage) => {
    await oneOfEach(stage)
    const seen = async (set: 'schedule' | 'retry' | 'dead') =>
      (await stage.entries(set)).map(({ payload, at, reason }) => [payload, at, reason])
    assert.deepEqual(await seen('schedule'), [[job('scheduled'), T0 + 60_000, null]])
    assert.deepEqual(await seen('retry'), [[job('retry'), T0 + 15_000, null]])
    assert.deepEqual(await seen('dead'), [[job('dead'), T0 + 1, 'too often']])
    assert.deepEqual(await stage.queued('a'), jobs('queued a1', 'queued a2'))
  },

  'a queue is listed page by page': async (stage) => {
    const all = Array.from({ length: 7 }, (_, index) => job(`j${index}`))
    await stage.push('a', ...all)
    const page = async (offset: number, limit: number) =>
      payloadsOf(await stage.store.list({ queue: 'a' }, { offset, limit }))
    assert.deepEqual(await page(0, 3), all.slice(0, 3))
    assert.deepEqual(await page(3, 3), all.slice(3, 6))
    assert.deepEqual(await page(6, 3), all.slice(6))
    assert.deepEqual(await page(7, 3), [])
    assert.deepEqual(await page(0, 0), [])
  },

  'a set is listed page by page': async (stage) => {
    const all = Array.from({ length: 7 }, (_, index) => job(`j${index}`))
    for (const [index, payload] of all.entries()) await stage.schedule('a', payload, T0 + index)
    const page = async (offset: number, limit: number) =>
      payloadsOf(await stage.store.list({ set: 'schedule' }, { offset, limit }))
    assert.deepEqual(await page(0, 4), all.slice(0, 4))
    assert.deepEqual(await page(4, 4), all.slice(4))
    assert.deepEqual(await page(8, 4), [])
    assert.deepEqual(await page(2, 0), [])
  },

  'listing a queue that nobody ever used does not create it': async (stage) => {
    assert.deepEqual(await stage.queued('nowhere'), [])
    assert.deepEqual(await stage.store.queues(T0), [])
  },

  'a cleared queue counts its jobs and is forgotten until the next job comes': async (stage) => {
    await stage.push('a', ...jobs('j1', 'j2', 'j3'))
    await stage.push('b', job('j4'))
    assert.equal(await stage.store.clear({ queue: 'a' }), 3)
    assert.deepEqual(
      (await stage.store.queues(T0)).map((queue) => queue.name),
      ['b'],
    )
    assert.equal(await stage.store.clear({ queue: 'a' }), 0)
    await stage.push('a', job('j5'))
    assert.deepEqual(await stage.queued('a'), [job('j5')])
    assert.equal((await stage.store.queues(T0)).length, 2)
  },

  'an empty queue can be cleared out of the list': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    assert.equal(await stage.store.clear({ queue: 'a' }), 0)
    assert.deepEqual(await stage.store.queues(T0), [])
  },

  'clearing a queue leaves what is in flight from it alone': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    await stage.push('a', job('j2'))
    assert.equal(await stage.store.clear({ queue: 'a' }), 1)
    assert.deepEqual(await stage.store.inFlight(ANN), [claim])
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.equal((await stage.store.queues(T0)).length, 1)
  },

  'a cleared set counts its jobs and leaves the others alone': async (stage) => {
    await oneOfEach(stage)
    assert.equal(await stage.store.clear({ set: 'retry' }), 1)
    assert.equal(await stage.store.clear({ set: 'retry' }), 0)
    const { retries, scheduled, dead, enqueued } = await stage.store.stats(T0, 1)
    assert.deepEqual(
      { retries, scheduled, dead, enqueued },
      { retries: 0, scheduled: 1, dead: 1, enqueued: 3 },
    )
    assert.equal(await stage.store.clear({ set: 'schedule' }), 1)
    assert.equal(await stage.store.clear({ set: 'dead' }), 1)
  },

  'statistics count the jobs of every place': async (stage) => {
    await oneOfEach(stage)
    const { days: _days, ...stats } = await stage.store.stats(T0, 1)
    assert.deepEqual(stats, {
      processed: 0,
      failed: 0,
      enqueued: 3,
      scheduled: 1,
      retries: 1,
      dead: 1,
      inFlight: 1,
      workers: 1,
    })
  },

  'a store says what it is and what it survives': async (stage) => {
    const health = await stage.store.ping()
    assert.ok(['memory', 'sqlite', 'redis'].includes(health.kind))
    for (const text of [health.version, health.location, health.durability]) assert.notEqual(text, '')
    assert.ok(health.warnings.every((warning) => warning !== ''))
  },
}

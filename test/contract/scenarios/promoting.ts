import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import type { PromoteRequest, Route } from '../../../src/store/transfer.ts'
import { ANN, job, payloadsOf, type Scenarios, type Stage, T0 } from '../stage.ts'

const DUE = T0 + 5_000
const jobs = (...names: string[]) => names.map(job)
const toQueueA = (): Route => ({ to: 'queue', queue: 'a', payload: null })

function promote(store: Store, changes: Partial<PromoteRequest> = {}): Promise<number> {
  return store.promote({ now: DUE, limit: 100, route: toQueueA, ...changes })
}

/** Puts a job into the retry set until `at`. */
async function retry(stage: Stage, payload: string, at: number): Promise<void> {
  await stage.beat(ANN)
  await stage.push('retrying', job('first-run'))
  const [claim] = await stage.claim(ANN, 1, ['retrying'])
  await stage.settle(ANN, { token: claim!.token, to: 'retry', payload, at })
}

export const promoting: Scenarios = {
  'a scheduled job is promoted at its moment and not 1 ms earlier': async (stage) => {
    await stage.schedule('a', job('j1'), DUE)
    assert.equal(await promote(stage.store, { now: DUE - 1 }), 0)
    assert.deepEqual(await stage.queued('a'), [])
    assert.equal(await promote(stage.store, { now: DUE }), 1)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.deepEqual(await stage.entries('schedule'), [])
  },

  'a job to retry is promoted at its moment and not 1 ms earlier': async (stage) => {
    await retry(stage, job('j1'), DUE)
    assert.equal(await promote(stage.store, { now: DUE - 1 }), 0)
    assert.equal(await promote(stage.store, { now: DUE }), 1)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.deepEqual(await stage.entries('retry'), [])
  },

  'what is overdue is promoted, too': async (stage) => {
    await stage.schedule('a', job('j1'), DUE - 1)
    await stage.schedule('a', job('j2'), T0 - 86_400_000)
    assert.equal(await promote(stage.store), 2)
    assert.deepEqual(await stage.queued('a'), jobs('j2', 'j1'))
  },

  'moments that are no whole seconds are kept exactly': async (stage) => {
    for (const ms of [1, 123, 999]) {
      await stage.schedule('a', job(`j${ms}`), DUE + ms)
      const [entry] = await stage.entries('schedule')
      assert.equal(entry?.at, DUE + ms)
      assert.equal(await promote(stage.store, { now: DUE + ms - 1 }), 0)
      assert.equal(await promote(stage.store, { now: DUE + ms }), 1)
    }
  },

  'promoted jobs go to the back of their queue, the earliest first': async (stage) => {
    await stage.push('a', job('waiting'))
    for (const [name, at] of [
      ['late', 3],
      ['early', 1],
      ['middle', 2],
    ] as const) {
      await stage.schedule('a', job(name), T0 + at)
    }
    await promote(stage.store)
    assert.deepEqual(await stage.queued('a'), jobs('waiting', 'early', 'middle', 'late'))
  },

  'a promoted job can be claimed': async (stage) => {
    await stage.schedule('a', job('j1'), DUE)
    await promote(stage.store)
    await stage.beat(ANN)
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 2)), [job('j1')])
  },

  'one promotion serves the retry set and the schedule': async (stage) => {
    await stage.schedule('a', job('scheduled'), DUE)
    await retry(stage, job('retried'), DUE)
    await stage.schedule('a', job('not due'), DUE + 1)
    assert.equal(await promote(stage.store), 2)
    assert.deepEqual((await stage.queued('a')).toSorted(), jobs('retried', 'scheduled'))
    assert.deepEqual(payloadsOf(await stage.entries('schedule')), [job('not due')])
  },

  'a promotion moves no more than its limit, and the next one the rest': async (stage) => {
    for (const name of ['j1', 'j2', 'j3', 'j4', 'j5'])
      await stage.schedule('a', job(name), T0 + Number(name[1]))
    assert.equal(await promote(stage.store, { limit: 2 }), 2)
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2'))
    assert.equal(await promote(stage.store, { limit: 2 }), 2)
    assert.equal(await promote(stage.store, { limit: 2 }), 1)
    assert.equal(await promote(stage.store, { limit: 2 }), 0)
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2', 'j3', 'j4', 'j5'))
  },

  'the limit of a promotion is for both sets together': async (stage) => {
    for (const name of ['r1', 'r2', 'r3']) await retry(stage, job(name), DUE)
    for (const name of ['s1', 's2', 's3']) await stage.schedule('a', job(name), DUE)
    assert.equal(await promote(stage.store, { limit: 4 }), 4)
    assert.equal((await stage.queued('a')).length, 4)
    assert.equal(await promote(stage.store, { limit: 4 }), 2)
    assert.deepEqual((await stage.queued('a')).toSorted(), jobs('r1', 'r2', 'r3', 's1', 's2', 's3'))
  },

  'a due job goes where it is routed to, with its new bytes': async (stage) => {
    const routes: Readonly<Record<string, Route>> = {
      [job('stays')]: { to: 'queue', queue: 'a', payload: null },
      [job('changes')]: { to: 'queue', queue: 'b', payload: job('changed') },
      'not JSON at all': { to: 'dead', payload: null, reason: 'not valid JSON' },
      [job('dies')]: { to: 'dead', payload: job('died'), reason: 'too old' },
    }
    for (const [index, payload] of Object.keys(routes).entries())
      await stage.schedule('a', payload, T0 + index)
    assert.equal(await promote(stage.store, { route: (payload) => routes[payload]! }), 4)
    assert.deepEqual(await stage.queued('a'), [job('stays')])
    assert.deepEqual(await stage.queued('b'), [job('changed')])
    const dead = (await stage.entries('dead')).map(({ payload, at, reason }) => ({ payload, at, reason }))
    assert.deepEqual(
      new Set(dead),
      new Set([
        { payload: 'not JSON at all', at: DUE, reason: 'not valid JSON' },
        { payload: job('died'), at: DUE, reason: 'too old' },
      ]),
    )
    assert.deepEqual(await stage.entries('schedule'), [])
  },

  'promoters that race move each job once': async (stage) => {
    const other = await stage.connect()
    const all = Array.from({ length: 60 }, (_, index) => job(`j${index}`))
    const scheduled = all.map((payload, index) => ({ queue: 'a', payload, at: T0 + index }))
    await stage.store.push({ token: stage.freshToken(), now: T0, jobs: scheduled })
    const rounds = Array.from({ length: 4 }, () => [
      promote(stage.store, { limit: 25 }),
      promote(other, { limit: 25 }),
    ])
    const moved = await Promise.all(rounds.flat())
    const last = await promote(stage.store)
    assert.equal(
      moved.reduce((sum, each) => sum + each, last),
      60,
    )
    assert.deepEqual((await stage.queued('a')).toSorted(), all.toSorted())
  },

  'a promotion touches neither queues nor the dead set': async (stage) => {
    await stage.push('b', job('queued'))
    const { token } = await stage.claimOne(ANN, job('dead'))
    await stage.settle(ANN, { token, to: 'dead', payload: null, reason: null })
    assert.equal(await promote(stage.store), 0)
    assert.deepEqual(await stage.queued('b'), [job('queued')])
    assert.deepEqual(payloadsOf(await stage.entries('dead')), [job('dead')])
  },
}

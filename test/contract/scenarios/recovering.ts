import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import type { Recovered, RecoverRequest, Route } from '../../../src/store/transfer.ts'
import { ANN, BOB, job, payloadsOf, type Scenarios, T0 } from '../stage.ts'

const LATER = T0 + 60_000
const jobs = (...names: string[]) => names.map(job)
const back = (_payload: string, queue: string): Route => ({ to: 'queue', queue, payload: null })

function recover(store: Store, changes: Partial<RecoverRequest> = {}): Promise<Recovered[] | null> {
  return store.recover({ identity: ANN, now: LATER, beatAt: T0, revise: back, ...changes })
}

export const recovering: Scenarios = {
  'the jobs of a dead worker go back to the front of their queues, in their original order': async (
    stage,
  ) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('a1', 'a2', 'a3', 'a4'))
    await stage.push('b', ...jobs('b1', 'b2'))
    await stage.claim(ANN, 2, ['a'])
    await stage.claim(ANN, 2, ['b', 'a'])
    await stage.claim(ANN, 1, ['a'])
    const recovered = await recover(stage.store)
    assert.deepEqual(payloadsOf(recovered!).toSorted(), jobs('a1', 'a2', 'a3', 'b1', 'b2'))
    assert.deepEqual(await stage.queued('a'), jobs('a1', 'a2', 'a3', 'a4'))
    assert.deepEqual(await stage.queued('b'), jobs('b1', 'b2'))
    assert.deepEqual(await stage.store.inFlight(ANN), [])
  },

  'a recovered job goes where it is revised to, with its new bytes': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('stays', 'changes', 'moves', 'dies', 'rots'))
    await stage.push('b', job('waits'))
    await stage.claim(ANN, 5)
    const routes: Readonly<Record<string, Route>> = {
      [job('stays')]: { to: 'queue', queue: 'a', payload: null },
      [job('changes')]: { to: 'queue', queue: 'a', payload: job('changed') },
      [job('moves')]: { to: 'queue', queue: 'b', payload: null },
      [job('dies')]: { to: 'dead', payload: job('died'), reason: 'killed its worker four times' },
      [job('rots')]: { to: 'dead', payload: null, reason: 'not valid JSON' },
    }
    const recovered = await recover(stage.store, { revise: (payload) => routes[payload]! })
    assert.deepEqual(
      new Map(recovered!.map((each) => [each.payload, each.route])),
      new Map(Object.entries(routes)),
    )
    assert.deepEqual(await stage.queued('a'), jobs('stays', 'changed'))
    assert.deepEqual(await stage.queued('b'), jobs('moves', 'waits'))
    const dead = (await stage.entries('dead')).map(({ payload, at, reason }) => ({ payload, at, reason }))
    assert.deepEqual(
      new Set(dead),
      new Set([
        { payload: job('died'), at: LATER, reason: 'killed its worker four times' },
        { payload: job('rots'), at: LATER, reason: 'not valid JSON' },
      ]),
    )
  },

  'the revision is told the queue that a job was claimed from': async (stage) => {
    await stage.claimOne(ANN, '{"class":"A","args":[],"jid":"j1","queue":"another"}')
    const told: string[] = []
    const revise = (payload: string, queue: string) => {
      told.push(queue)
      return back(payload, queue)
    }
    await recover(stage.store, { revise })
    assert.deepEqual(new Set(told), new Set(['a']))
  },

  'a recovered worker is not registered any more': async (stage) => {
    await stage.beat(ANN)
    assert.deepEqual(await recover(stage.store), [])
    assert.deepEqual(await stage.store.workers(), [])
    await stage.push('a', job('j1'))
    const reply = await stage.exchange(ANN, { count: 1 })
    assert.deepEqual([reply.registered, reply.claims], [false, []])
  },

  'a worker that has beaten since is not recovered': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    await stage.beat(ANN, { now: T0 + 1 })
    assert.equal(await recover(stage.store), null)
    assert.deepEqual(await stage.store.inFlight(ANN), [claim])
    assert.equal((await stage.store.workers()).length, 1)
  },

  'a worker that has beaten since by a clock that was set back is not recovered': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    await stage.beat(ANN, { now: T0 - 5_000 })
    assert.equal(await recover(stage.store), null)
    assert.deepEqual(await stage.store.inFlight(ANN), [claim])
  },

  'a worker that is not registered is not recovered': async (stage) => {
    assert.equal(await recover(stage.store), null)
    await stage.claimOne(ANN, job('j1'))
    assert.equal((await recover(stage.store))?.length, 1)
    assert.equal(await recover(stage.store), null)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'of those who race to recover a worker one does it': async (stage) => {
    const other = await stage.connect()
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2', 'j3'))
    await stage.claim(ANN, 3)
    const outcomes = await Promise.all([
      recover(stage.store),
      recover(other),
      recover(stage.store),
      recover(other),
    ])
    const winners = outcomes.filter((outcome) => outcome !== null)
    assert.deepEqual(
      winners.map((won) => payloadsOf(won).toSorted()),
      [jobs('j1', 'j2', 'j3')],
    )
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2', 'j3'))
  },

  'a settlement after the recovery is refused': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await recover(stage.store)
    const late = await stage.settle(ANN, { token, to: 'retry', payload: job('late'), at: LATER })
    assert.deepEqual([late.registered, late.refused], [false, [token]])
    assert.deepEqual(await stage.entries('retry'), [])
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a worker that beats after its recovery is registered afresh, holds nothing, and may claim': async (
    stage,
  ) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await recover(stage.store)
    assert.deepEqual((await stage.beat(ANN, { now: LATER + 1 })).inFlight, [])
    assert.deepEqual(await stage.store.inFlight(ANN), [])
    const again = await stage.claim(ANN, 1)
    assert.deepEqual(payloadsOf(again), [job('j1')])
    assert.deepEqual((await stage.settle(ANN, { token, to: 'done' })).refused, [token])
    assert.deepEqual(await stage.store.inFlight(ANN), again)
  },

  'a recovery does not touch other workers': async (stage) => {
    await stage.beat(BOB)
    await stage.push('a', ...jobs('j1', 'j2'))
    const bob = await stage.claim(BOB, 1)
    await stage.beat(ANN)
    await stage.claim(ANN, 1)
    await recover(stage.store)
    assert.deepEqual(await stage.store.inFlight(BOB), bob)
    assert.deepEqual(await stage.queued('a'), [job('j2')])
    assert.deepEqual(
      (await stage.store.workers()).map((worker) => worker.info.identity),
      [BOB],
    )
  },

  'a beat that races a recovery leaves every job in exactly one place': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2'))
    await stage.claim(ANN, 2)
    const [outcome] = await Promise.all([recover(stage.store), other.beat(ANN, { now: T0 + 1 })])
    const held = payloadsOf(await stage.store.inFlight(ANN))
    const queued = await stage.queued('a')
    assert.deepEqual([...held, ...queued].toSorted(), jobs('j1', 'j2'))
    assert.equal(queued.length, outcome === null ? 0 : 2)
    assert.equal((await stage.store.workers()).length, 1)
  },

  'a settlement that races a recovery leaves every job in exactly one place': async (stage) => {
    const other = stage.through(await stage.connect())
    const { token } = await stage.claimOne(ANN, job('j1'))
    const settlement = { token, to: 'retry', payload: job('again'), at: LATER } as const
    const [recovered, reply] = await Promise.all([recover(stage.store), other.settle(ANN, settlement)])
    const isSettled = reply.refused.length === 0
    assert.equal(recovered?.length, isSettled ? 0 : 1)
    assert.deepEqual(await stage.queued('a'), isSettled ? [] : [job('j1')])
    assert.equal((await stage.entries('retry')).length, isSettled ? 1 : 0)
  },
}

import assert from 'node:assert/strict'
import { ANN, BOB, isClosed, job, payloadsOf, type Scenarios, T0 } from '../stage.ts'

const jobs = (...names: string[]) => names.map(job)

export const leaving: Scenarios = {
  'a worker that leaves hands its jobs back to the front, in their original order': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2', 'j3', 'j4', 'j5'))
    await stage.claim(ANN, 2)
    await stage.claim(ANN, 2)
    await stage.store.leave(ANN, T0 + 1)
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2', 'j3', 'j4', 'j5'))
    assert.deepEqual(await stage.store.inFlight(ANN), [])
  },

  'what was settled before the worker left does not come back': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2', 'j3'))
    const claims = await stage.claim(ANN, 3)
    await stage.settle(ANN, { token: claims[1]!.token, to: 'done' })
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j3'))
  },

  'a worker that leaves hands each job back to its own queue': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('a1', 'a2'))
    await stage.push('b', ...jobs('b1', 'b2', 'b3'))
    await stage.claim(ANN, 1, ['b'])
    await stage.claim(ANN, 3, ['a', 'b'])
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.queued('a'), jobs('a1', 'a2'))
    assert.deepEqual(await stage.queued('b'), jobs('b1', 'b2', 'b3'))
  },

  'many jobs go back in their original order': async (stage) => {
    const all = Array.from({ length: 120 }, (_, index) => job(`j${index}`))
    await stage.beat(ANN)
    await stage.push('a', ...all)
    for (const count of [3, 25, 1, 50, 21]) await stage.claim(ANN, count)
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.queued('a'), all)
  },

  'a worker that left is not registered any more': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.store.workers(), [])
    const reply = await stage.exchange(ANN, { count: 1 })
    assert.deepEqual([reply.registered, reply.claims], [false, []])
  },

  'a settlement after the worker left is refused': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.store.leave(ANN, T0)
    const reply = await stage.settle(ANN, { token, to: 'done' })
    assert.deepEqual([reply.registered, reply.refused], [false, [token]])
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a settlement from before does not hit what the worker claims after it came back': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.store.leave(ANN, T0)
    await stage.beat(ANN, { now: T0 + 1 })
    const again = await stage.claim(ANN, 1)
    assert.deepEqual(payloadsOf(again), [job('j1')])
    assert.deepEqual((await stage.settle(ANN, { token, to: 'done' })).refused, [token])
    assert.deepEqual(await stage.store.inFlight(ANN), again)
  },

  'leaving twice, or without having been there, changes nothing': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    await stage.store.leave(ANN, T0)
    await stage.store.leave(ANN, T0)
    await stage.store.leave(BOB, T0)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a worker that leaves does not touch the jobs of others': async (stage) => {
    await stage.beat(BOB)
    await stage.claimOne(ANN, job('j1'))
    await stage.push('a', job('j2'))
    const bob = await stage.claim(BOB, 1)
    await stage.store.leave(ANN, T0)
    assert.deepEqual(await stage.store.inFlight(BOB), bob)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'the last step of a process hands its jobs back to the front, in their original order, and no sooner':
    async (stage) => {
      await stage.beat(ANN)
      await stage.push('a', ...jobs('j1', 'j2', 'j3', 'j4', 'j5'))
      await stage.claim(ANN, 2)
      const claims = await stage.claim(ANN, 2)
      const takeStep = await stage.store.prepareToLeave(ANN, T0 + 1)
      assert.deepEqual(await stage.queued('a'), jobs('j5'))
      assert.equal((await stage.store.workers()).length, 1)
      takeStep()
      assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2', 'j3', 'j4', 'j5'))
      assert.deepEqual([await stage.store.workers(), await stage.store.inFlight(ANN)], [[], []])
      assert.deepEqual((await stage.settle(ANN, { token: claims[0]!.token, to: 'done' })).refused, [
        claims[0]!.token,
      ])
    },

  'the last step comes after all that was asked before it': async (stage) => {
    await stage.claimOne(ANN, job('j1'))
    const takeStep = await stage.store.prepareToLeave(ANN, T0)
    const pushed = stage.push('a', job('j2'))
    takeStep()
    await pushed
    assert.deepEqual(await stage.queued('a'), jobs('j1', 'j2'))
  },

  'the last step on a closed connection fails, and leaves the worker to be recovered': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.claimOne(ANN, job('j1'))
    const takeStep = await stage.store.prepareToLeave(ANN, T0)
    await stage.store.close()
    assert.throws(takeStep, isClosed)
    assert.equal((await other.store.inFlight(ANN)).length, 1)
  },
}

import assert from 'node:assert/strict'
import { ANN, BOB, job, payloadsOf, type Scenarios, T0 } from '../stage.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => job(`j${index}`))

export const claiming: Scenarios = {
  'a claim hands out the bytes, the queue and a token': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    const reply = await stage.exchange(ANN, { count: 1 })
    assert.equal(reply.registered, true)
    const [claim, ...others] = reply.claims
    assert.deepEqual({ ...claim, token: '' }, { token: '', queue: 'a', payload: job('j1') })
    assert.ok(claim!.token.length > 0)
    assert.deepEqual([others, reply.refused, reply.paused], [[], [], []])
  },

  'a claimed job is in flight and in no queue': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    assert.deepEqual(await stage.store.inFlight(ANN), [claim])
    assert.deepEqual(await stage.queued('a'), [])
    const stats = await stage.store.stats(T0, 1)
    assert.deepEqual([stats.enqueued, stats.inFlight], [0, 1])
  },

  'a worker claims at most as many jobs as it has room for': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...many(5))
    assert.equal((await stage.claim(ANN, 2)).length, 2)
    assert.equal((await stage.claim(ANN, 1)).length, 1)
    assert.deepEqual(await stage.queued('a'), many(5).slice(3))
  },

  'a worker claims what there is when that is less than it has room for': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...many(2))
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 100)), many(2))
    assert.deepEqual(await stage.claim(ANN, 100), [])
  },

  'an exchange without room claims nothing': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    const reply = await stage.exchange(ANN, { count: 0 })
    assert.deepEqual([reply.registered, reply.claims], [true, []])
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'an exchange without queues claims nothing': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    assert.deepEqual((await stage.exchange(ANN, { count: 5, queues: [] })).claims, [])
  },

  'a later queue is asked only when the earlier ones are empty': async (stage) => {
    await stage.beat(ANN)
    await stage.push('low', job('l1'), job('l2'))
    await stage.push('high', job('h1'), job('h2'))
    const order = ['high', 'mid', 'low']
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 1, order)), [job('h1')])
    await stage.push('mid', job('m1'))
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 3, order)), [job('h2'), job('m1'), job('l1')])
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 3, order)), [job('l2')])
  },

  'the order of the queues is that of the call': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('a1'), job('a2'))
    await stage.push('b', job('b1'), job('b2'))
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 1, ['b', 'a'])), [job('b1')])
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 1, ['a', 'b'])), [job('a1')])
  },

  'a queue that was not asked for is left alone': async (stage) => {
    await stage.beat(ANN)
    await stage.push('b', job('j1'))
    assert.deepEqual(await stage.claim(ANN, 5, ['a']), [])
    assert.deepEqual(await stage.queued('b'), [job('j1')])
  },

  'asking a queue that nobody ever used does not create it': async (stage) => {
    await stage.beat(ANN)
    assert.deepEqual(await stage.claim(ANN, 5, ['nowhere']), [])
    assert.deepEqual(await stage.store.queues(T0), [])
  },

  'two workers that race never get the same job': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.push('a', ...many(200))
    await Promise.all([stage.beat(ANN), other.beat(BOB)])
    const rounds = Array.from({ length: 20 }, () => [stage.claim(ANN, 7), other.claim(BOB, 5)]).flat()
    const claims = (await Promise.all(rounds)).flat()
    assert.equal(claims.length, 200)
    assert.deepEqual(payloadsOf(claims).toSorted(), many(200).toSorted())
    assert.deepEqual(await stage.queued('a'), [])
  },

  'each worker sees only its own jobs in flight': async (stage) => {
    await stage.beat(ANN)
    await stage.beat(BOB)
    await stage.push('a', job('j1'), job('j2'))
    const ann = await stage.claim(ANN, 1)
    const bob = await stage.claim(BOB, 1)
    assert.deepEqual(await stage.store.inFlight(ANN), ann)
    assert.deepEqual(await stage.store.inFlight(BOB), bob)
    assert.deepEqual(await stage.store.inFlight('nobody:1:cccccccccccc'), [])
  },

  'a worker that is not registered claims nothing and is told so': async (stage) => {
    await stage.push('a', job('j1'))
    const reply = await stage.exchange(ANN, { count: 5 })
    assert.deepEqual([reply.registered, reply.claims], [false, []])
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.deepEqual(await stage.store.inFlight(ANN), [])
  },

  'a beat makes a worker able to claim, on every connection': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.push('a', job('j1'))
    assert.equal((await other.exchange(ANN)).registered, false)
    await stage.beat(ANN)
    assert.deepEqual(payloadsOf(await other.claim(ANN, 1)), [job('j1')])
  },

  'a token is never used again': async (stage) => {
    const tokens: string[] = []
    await stage.push('a', ...many(3))
    for (const _round of [1, 2, 3, 4]) {
      await stage.beat(ANN)
      const claims = await stage.claim(ANN, 3)
      tokens.push(...claims.map((claim) => claim.token))
      await stage.settle(ANN, { token: claims[0]!.token, to: 'queue', payload: null })
      tokens.push(...(await stage.claim(ANN, 1)).map((claim) => claim.token))
      await stage.store.leave(ANN, T0)
    }
    assert.equal(tokens.length, 16)
    assert.equal(new Set(tokens).size, 16)
  },

  'a paused queue is not claimed from on any connection, and says so': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.beat(ANN)
    await stage.push('a', job('j1'))
    await stage.push('b', job('j2'))
    await stage.store.pause('a', true)
    for (const worker of [stage, other]) {
      const reply = await worker.exchange(ANN, { count: 1, queues: ['a', 'c'] })
      assert.deepEqual([reply.claims, reply.paused], [[], ['a']])
    }
    const reply = await other.exchange(ANN, { count: 5, queues: ['a', 'b'] })
    assert.deepEqual([payloadsOf(reply.claims), reply.paused], [[job('j2')], ['a']])
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a paused queue still takes jobs and gives them all when it is resumed': async (stage) => {
    await stage.beat(ANN)
    await stage.store.pause('a', true)
    await stage.store.pause('a', true)
    await stage.push('a', job('j1'))
    assert.deepEqual(await stage.claim(ANN, 5), [])
    await stage.push('a', job('j2'))
    await stage.store.pause('a', false)
    const reply = await stage.exchange(ANN, { count: 5 })
    assert.deepEqual([payloadsOf(reply.claims), reply.paused], [[job('j1'), job('j2')], []])
  },

  'a pause lets what is in flight be settled': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    await stage.store.pause('a', true)
    const reply = await stage.settle(ANN, { token: claim.token, to: 'done' })
    assert.deepEqual(reply.refused, [])
    assert.deepEqual(await stage.store.inFlight(ANN), [])
  },
}

import assert from 'node:assert/strict'
import type { Settlement } from '../../../src/store/exchange.ts'
import { ANN, BOB, job, payloadsOf, type Scenarios, type Stage, T0 } from '../stage.ts'

/** Sizes of all places: a settlement must change one of them and no other. */
async function sizes(stage: Stage) {
  const { enqueued, scheduled, retries, dead, inFlight } = await stage.store.stats(T0, 1)
  return { enqueued, scheduled, retries, dead, inFlight }
}

const NOTHING = { enqueued: 0, scheduled: 0, retries: 0, dead: 0, inFlight: 0 }

export const settling: Scenarios = {
  'a job that is done is nowhere any more': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    const reply = await stage.settle(ANN, { token, to: 'done' })
    assert.deepEqual([reply.registered, reply.refused], [true, []])
    assert.deepEqual(await sizes(stage), NOTHING)
  },

  'a job to retry waits in the retry set with its new bytes': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.settle(ANN, { token, to: 'retry', payload: job('again'), at: T0 + 15_000 })
    const [entry] = await stage.entries('retry')
    assert.deepEqual([entry?.payload, entry?.at, entry?.reason], [job('again'), T0 + 15_000, null])
    assert.deepEqual(await sizes(stage), { ...NOTHING, retries: 1 })
  },

  'a snoozed job waits in the schedule with its new bytes': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.settle(ANN, { token, to: 'schedule', payload: job('later'), at: T0 + 500 })
    const [entry] = await stage.entries('schedule')
    assert.deepEqual([entry?.payload, entry?.at, entry?.reason], [job('later'), T0 + 500, null])
    assert.deepEqual(await sizes(stage), { ...NOTHING, scheduled: 1 })
  },

  'a dead job keeps its new bytes, its reason and the moment of its death': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    const dead: Settlement = { token, to: 'dead', payload: job('buried'), reason: 'not valid JSON' }
    await stage.exchange(ANN, { settle: [dead], now: T0 + 7 })
    const [entry] = await stage.entries('dead')
    assert.deepEqual([entry?.payload, entry?.at, entry?.reason], [job('buried'), T0 + 7, 'not valid JSON'])
    assert.deepEqual(await sizes(stage), { ...NOTHING, dead: 1 })
  },

  'a job may die with its bytes as they were and without a reason': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.settle(ANN, { token, to: 'dead', payload: null, reason: null })
    const [entry] = await stage.entries('dead')
    assert.deepEqual([entry?.payload, entry?.at, entry?.reason], [job('j1'), T0, null])
  },

  'a job handed back goes to the front of the queue it was claimed from': async (stage) => {
    const { token } = await stage.claimOne(ANN, '{"class":"Elsewhere","args":[],"jid":"j1","queue":"other"}')
    await stage.push('a', job('j2'))
    await stage.settle(ANN, { token, to: 'queue', payload: null })
    assert.deepEqual(await stage.queued('a'), [
      '{"class":"Elsewhere","args":[],"jid":"j1","queue":"other"}',
      job('j2'),
    ])
    assert.deepEqual(await sizes(stage), { ...NOTHING, enqueued: 2 })
  },

  'a job may be handed back with new bytes': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.settle(ANN, { token, to: 'queue', payload: job('changed') })
    assert.deepEqual(await stage.queued('a'), [job('changed')])
  },

  'one exchange settles many jobs, each its own way, and claims': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...[1, 2, 3, 4, 5, 6].map((n) => job(`j${n}`)))
    const [done, retry, later, dead, back] = await stage.claim(ANN, 5)
    const reply = await stage.exchange(ANN, {
      settle: [
        { token: done!.token, to: 'done' },
        { token: retry!.token, to: 'retry', payload: job('retry'), at: T0 + 1 },
        { token: later!.token, to: 'schedule', payload: job('later'), at: T0 + 2 },
        { token: dead!.token, to: 'dead', payload: null, reason: null },
        { token: back!.token, to: 'queue', payload: null },
      ],
      queues: ['b'],
      count: 1,
    })
    assert.deepEqual([reply.refused, reply.claims], [[], []])
    assert.deepEqual(await stage.queued('a'), [job('j5'), job('j6')])
    assert.deepEqual(await sizes(stage), { enqueued: 2, scheduled: 1, retries: 1, dead: 1, inFlight: 0 })
    await stage.push('b', job('b1'))
    assert.deepEqual(payloadsOf((await stage.exchange(ANN, { queues: ['b'], count: 1 })).claims), [job('b1')])
  },

  'a round trip settles a job and claims the next': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.push('a', job('j2'))
    const reply = await stage.exchange(ANN, { settle: [{ token, to: 'done' }], count: 1 })
    assert.deepEqual(payloadsOf(reply.claims), [job('j2')])
    assert.deepEqual(await stage.store.inFlight(ANN), reply.claims)
  },

  'several jobs may have the same bytes, and each is settled alone': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', job('twin'), job('twin'), job('twin'))
    const claims = await stage.claim(ANN, 3)
    await stage.settle(ANN, { token: claims[1]!.token, to: 'done' })
    assert.deepEqual(
      new Set((await stage.store.inFlight(ANN)).map((claim) => claim.token)),
      new Set([claims[0]!.token, claims[2]!.token]),
    )
  },

  'settling a job twice is refused and changes nothing': async (stage) => {
    const settlements: Array<(token: string) => Settlement> = [
      (token) => ({ token, to: 'done' }),
      (token) => ({ token, to: 'retry', payload: job('r'), at: T0 + 1 }),
      (token) => ({ token, to: 'schedule', payload: job('s'), at: T0 + 1 }),
      (token) => ({ token, to: 'dead', payload: null, reason: null }),
      (token) => ({ token, to: 'queue', payload: null }),
    ]
    for (const first of settlements) {
      const { token } = await stage.claimOne(ANN, job('j1'))
      assert.deepEqual((await stage.settle(ANN, first(token))).refused, [])
      const settled = await sizes(stage)
      for (const second of settlements) {
        assert.deepEqual((await stage.settle(ANN, second(token))).refused, [token])
      }
      assert.deepEqual(await sizes(stage), settled)
      await stage.store.clear({ queue: 'a' })
    }
  },

  'the second of two settlements of one job in the same exchange is refused': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    const reply = await stage.settle(
      ANN,
      { token, to: 'retry', payload: job('j1'), at: T0 + 1 },
      { token, to: 'dead', payload: null, reason: null },
    )
    assert.deepEqual(reply.refused, [token])
    assert.deepEqual(await sizes(stage), { ...NOTHING, retries: 1 })
  },

  'a late settlement does not hit the same job claimed again under a new token': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.settle(ANN, { token, to: 'queue', payload: null })
    const again = await stage.claim(ANN, 1)
    assert.deepEqual(payloadsOf(again), [job('j1')])
    assert.deepEqual((await stage.settle(ANN, { token, to: 'done' })).refused, [token])
    assert.deepEqual(await stage.store.inFlight(ANN), again)
  },

  'nobody settles the job of another worker': async (stage) => {
    const claim = await stage.claimOne(ANN, job('j1'))
    await stage.beat(BOB)
    const settlement: Settlement = { token: claim.token, to: 'done' }
    assert.deepEqual((await stage.settle(BOB, settlement)).refused, [claim.token])
    assert.deepEqual(await stage.store.inFlight(ANN), [claim])
  },

  'a refused settlement does not hold up the others': async (stage) => {
    const { token } = await stage.claimOne(ANN, job('j1'))
    await stage.push('a', job('j2'))
    const reply = await stage.exchange(ANN, {
      settle: [
        { token: 'no-such-token', to: 'done' },
        { token, to: 'done' },
        { token: 'nor-this:one', to: 'queue', payload: null },
      ],
      count: 1,
    })
    assert.deepEqual(reply.refused.toSorted(), ['no-such-token', 'nor-this:one'])
    assert.deepEqual(payloadsOf(reply.claims), [job('j2')])
    assert.deepEqual(await sizes(stage), { ...NOTHING, inFlight: 1 })
  },

  'two connections that settle the same job at once settle it once': async (stage) => {
    const other = stage.through(await stage.connect())
    const { token } = await stage.claimOne(ANN, job('j1'))
    const settlement: Settlement = { token, to: 'retry', payload: job('again'), at: T0 + 1 }
    const replies = await Promise.all([stage.settle(ANN, settlement), other.settle(ANN, settlement)])
    assert.deepEqual(replies.map((reply) => reply.refused.length).toSorted(), [0, 1])
    assert.deepEqual(await sizes(stage), { ...NOTHING, retries: 1 })
  },
}

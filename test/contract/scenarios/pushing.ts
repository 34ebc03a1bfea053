import assert from 'node:assert/strict'
import { TOKEN_MS } from '../../../src/store/transfer.ts'
import { ALL, ANN, job, payloadsOf, type Scenarios, T0 } from '../stage.ts'

const runnable = (queue: string, payload: string) => ({ queue, payload, at: null })

/** Names that tempt a store to build a key, a pattern or a statement from them. */
const ODD_QUEUE_NAMES = ['a:b', '{braces}', 'with space', 'per%cent_', "quo'te", 'stern*', 'emoji-🐙', 'Ä']

export const pushing: Scenarios = {
  'jobs of a queue run in the order of their pushes': async (stage) => {
    await stage.push('a', job('j1'))
    await stage.push('a', job('j2'), job('j3'))
    await stage.push('a', job('j4'))
    await stage.beat(ANN)
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 10)), [job('j1'), job('j2'), job('j3'), job('j4')])
  },

  'one batch may fill several queues and the schedule': async (stage) => {
    const jobs = [
      runnable('a', job('j1')),
      runnable('b', job('j2')),
      { queue: 'a', payload: job('j3'), at: T0 + 60_000 },
      runnable('a', job('j4')),
    ]
    await stage.store.push({ token: stage.freshToken(), now: T0, jobs })
    assert.deepEqual(await stage.queued('a'), [job('j1'), job('j4')])
    assert.deepEqual(await stage.queued('b'), [job('j2')])
    const [scheduled, ...others] = await stage.entries('schedule')
    assert.deepEqual([scheduled?.payload, scheduled?.at, others.length], [job('j3'), T0 + 60_000, 0])
  },

  'a batch of 5,000 jobs keeps its order': async (stage) => {
    const payloads = Array.from({ length: 5_000 }, (_, index) => job(`j${index}`))
    await stage.push('a', ...payloads)
    assert.deepEqual(await stage.queued('a'), payloads)
  },

  'a batch without jobs changes nothing': async (stage) => {
    await stage.store.push({ token: stage.freshToken(), now: T0, jobs: [] })
    assert.deepEqual(await stage.store.queues(T0), [])
  },

  'a batch is seen whole or not at all': async (stage) => {
    const watcher = await stage.connect()
    const jobs = Array.from({ length: 1_000 }, (_, index) =>
      runnable(index % 2 ? 'a' : 'b', job(`j${index}`)),
    )
    const pushing = stage.store.push({ token: stage.freshToken(), now: T0, jobs })
    const seen = Array.from({ length: 20 }, () => watcher.stats(T0, 1))
    await pushing
    const sizes = new Set((await Promise.all(seen)).map((stats) => stats.enqueued))
    for (const size of sizes) assert.ok(size === 0 || size === 1_000, `saw ${size} of 1,000 jobs`)
  },

  'what one connection pushes another claims': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.push('a', job('j1'))
    await other.beat(ANN)
    assert.deepEqual(payloadsOf(await other.claim(ANN, 1)), [job('j1')])
  },

  'a repeated push token changes nothing and succeeds': async (stage) => {
    const batch = {
      token: stage.freshToken(),
      now: T0,
      jobs: [runnable('a', job('j1')), { queue: 'a', payload: job('j2'), at: T0 + 1_000 }],
    }
    await stage.store.push(batch)
    await stage.store.push({ ...batch, now: T0 + 1 })
    assert.deepEqual(await stage.queued('a'), [job('j1')])
    assert.deepEqual(payloadsOf(await stage.entries('schedule')), [job('j2')])
  },

  'a repeated push is known even when its job has run meanwhile': async (stage) => {
    const batch = { token: stage.freshToken(), now: T0, jobs: [runnable('a', job('j1'))] }
    await stage.store.push(batch)
    await stage.beat(ANN)
    const [claim] = await stage.claim(ANN, 1)
    await stage.settle(ANN, { token: claim!.token, to: 'done' })
    await stage.store.push(batch)
    assert.deepEqual(await stage.queued('a'), [])
  },

  'a push token is remembered until 1 ms before its time is over': async (stage) => {
    const batch = { token: stage.freshToken(), now: T0, jobs: [runnable('a', job('j1'))] }
    await stage.store.push(batch)
    await stage.store.push({ ...batch, now: T0 + TOKEN_MS - 1 })
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a push token is forgotten when its time is over': async (stage) => {
    const batch = { token: stage.freshToken(), now: T0, jobs: [runnable('a', job('j1'))] }
    await stage.store.push(batch)
    await stage.store.push({ ...batch, now: T0 + TOKEN_MS })
    assert.deepEqual(await stage.queued('a'), [job('j1'), job('j1')])
  },

  'the same job under another token is another job': async (stage) => {
    await stage.push('a', job('j1'))
    await stage.push('a', job('j1'))
    assert.deepEqual(await stage.queued('a'), [job('j1'), job('j1')])
  },

  'answered tokens are forgotten without harm': async (stage) => {
    const jobs = [runnable('a', job('j1'))]
    await stage.store.push({ token: 'token-1', now: T0, jobs })
    const batch = { token: 'token-2', now: T0, jobs, answered: ['token-1', 'never-seen'] }
    await stage.store.push(batch)
    await stage.store.push(batch)
    assert.equal((await stage.queued('a')).length, 2)
  },

  'two connections that send the same push at once push once': async (stage) => {
    const other = await stage.connect()
    const batch = {
      token: stage.freshToken(),
      now: T0,
      jobs: [runnable('a', job('j1')), runnable('a', job('j2'))],
    }
    await Promise.all([
      stage.store.push(batch),
      other.push(batch),
      stage.store.push(batch),
      other.push(batch),
    ])
    assert.deepEqual(await stage.queued('a'), [job('j1'), job('j2')])
  },

  'a job for a moment in the past still goes to the schedule': async (stage) => {
    await stage.schedule('a', job('j1'), T0 - 1)
    assert.deepEqual(await stage.queued('a'), [])
    assert.deepEqual(payloadsOf(await stage.entries('schedule')), [job('j1')])
  },

  'a queue may have any name': async (stage) => {
    await stage.beat(ANN)
    for (const queue of ODD_QUEUE_NAMES) await stage.push(queue, job(queue))
    const names = (await stage.store.queues(T0)).map((queue) => queue.name)
    assert.deepEqual(names.toSorted(), ODD_QUEUE_NAMES.toSorted())
    for (const queue of ODD_QUEUE_NAMES) {
      assert.deepEqual(payloadsOf(await stage.store.list({ queue }, ALL)), [job(queue)])
      assert.deepEqual(
        (await stage.claim(ANN, 2, [queue])).map((claim) => [claim.queue, claim.payload]),
        [[queue, job(queue)]],
      )
    }
    await stage.store.leave(ANN, T0)
    for (const queue of ODD_QUEUE_NAMES) assert.deepEqual(await stage.queued(queue), [job(queue)])
  },
}

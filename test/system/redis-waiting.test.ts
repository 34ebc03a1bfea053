import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import {
  ANN,
  BOB,
  beatOf,
  claim,
  eventually,
  job,
  pushOne,
  runtime,
  storeError,
  T0,
  waitFor,
} from './redis-fixture.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let server: RedisServer
let store: Store
let other: Store
before(async () => {
  server = await startRedisServer()
})
beforeEach(async () => {
  await store?.close()
  await other?.close()
  await server.command('FLUSHALL')
  store = await openRedisStore(runtime, { url: server.url })
  other = await openRedisStore(runtime, { url: server.url })
  await store.heartbeat(beatOf(ANN))
})
after(async () => {
  await store.close()
  await other.close()
  await server.stop()
})

const push = (queue: string, ...names: string[]) =>
  other.push({
    token: runtime.random.hex(8),
    now: T0,
    jobs: names.map((name) => ({ queue, payload: job(name), at: null })),
  })
const queued = async (queue = 'a') =>
  (await other.list({ queue }, { offset: 0, limit: 100 })).map(({ payload }) => payload)
const landed = (identity = ANN, queue = 'a') => server.command('LLEN', `capstan:landing:${identity}:${queue}`)
const blocked = async () => ((await server.command('CLIENT', 'LIST')).match(/ flags=b /g) ?? []).length
const waitUntilBlocked = (count: number) => eventually(async () => assert.equal(await blocked(), count))

/** ANN waits, and a job lands with her that the wait cannot claim. */
async function land(...names: string[]) {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await server.command('SCRIPT', 'FLUSH')
  await push('a', ...names)
  assert.deepEqual(await waiting, [])
  assert.equal(await landed(), '1')
}

test('a wait claims the job that ends it, and leaves the others where they are', async () => {
  const waiting = waitFor(store, ['a', 'b'])
  await waitUntilBlocked(2)
  await push('b', 'j1', 'j2')
  const claims = await waiting
  assert.deepEqual(
    claims.map(({ queue, payload }) => [queue, payload]),
    [['b', job('j1')]],
  )
  assert.equal(await landed(ANN, 'b'), '0')
  assert.deepEqual(await store.inFlight(ANN), claims)
  assert.deepEqual(await queued('b'), [job('j2')])
})

test('a worker that is not registered any more claims nothing by its wait', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await server.command('HDEL', 'capstan:workers', ANN)
  await push('a', 'j1')
  assert.deepEqual(await waiting, [])
  assert.deepEqual(await queued(), [job('j1')])
})

test('a job that comes while its queue is paused is not claimed by a wait', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await other.pause('a', true)
  await push('a', 'j1')
  assert.deepEqual(await waiting, [])
  assert.deepEqual(await queued(), [job('j1')])
})

test('a wait whose connection is lost says that a job may have been claimed', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  const [, id] = /id=(\d+) .*name=capstan-wait/.exec(await server.command('CLIENT', 'LIST'))!
  const refused = assert.rejects(waiting, storeError('store.unknown'))
  await server.command('CLIENT', 'KILL', 'ID', id!)
  await refused
})

test('a job that landed is claimed first, before what is queued', async () => {
  await land('j1', 'j2')
  assert.deepEqual(
    (await claim(store, 5)).map(({ payload }) => payload),
    [job('j1'), job('j2')],
  )
  assert.equal(await landed(), '0')
})

test('what landed beyond the free slots goes back to the front of its queue', async () => {
  const waiting = waitFor(store, ['a', 'b'])
  await waitUntilBlocked(2)
  await server.command('SCRIPT', 'FLUSH')
  await server.command(
    'EVAL',
    `for _, q in ipairs({'b', 'a'}) do redis.call('LPUSH', 'queue:' .. q, q .. '1', q .. '2') end`,
    '0',
  )
  await waiting
  assert.deepEqual(
    (await claim(store, 1, ['a', 'b'])).map(({ payload }) => payload),
    ['a1'],
  )
  await eventually(async () => assert.deepEqual(await queued('b'), ['b1', 'b2']))
  assert.deepEqual(await queued('a'), ['a2'])
})

test('a job that landed from a queue paused meanwhile goes back', async () => {
  await land('j1', 'j2')
  await other.pause('a', true)
  assert.deepEqual(await claim(store, 5), [])
  assert.deepEqual(await queued(), [job('j1'), job('j2')])
})

test('an exchange of a worker that is not registered any more hands back what landed', async () => {
  await land('j1')
  await server.command('HDEL', 'capstan:workers', ANN)
  assert.deepEqual(await claim(store, 5), [])
  assert.deepEqual(await queued(), [job('j1')])
})

const RETURNS: Record<string, () => Promise<unknown>> = {
  'a beat': () => store.heartbeat(beatOf(ANN, { now: T0 + 1 })),
  'a look at what is in flight': () => store.inFlight(ANN),
  'a leave': () => store.leave(ANN, T0),
  'a recovery': () =>
    other.recover({ identity: ANN, now: T0, beatAt: T0, revise: () => assert.fail('it had not begun') }),
}
for (const [name, act] of Object.entries(RETURNS)) {
  test(`${name} hands back what landed and was never fetched, unchanged, to the front`, async () => {
    await land('j1', 'j2')
    await act()
    assert.deepEqual(await queued(), [job('j1'), job('j2')])
    assert.equal(await landed(), '0')
  })
}

test('a worker taken for dead that comes back is still cleared of what lands', async () => {
  await land('j0')
  await other.recover({ identity: ANN, now: T0, beatAt: T0, revise: () => assert.fail('it had not begun') })
  await server.command('DEL', 'queue:a')
  await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))
  assert.equal(await server.command('TTL', `capstan:landings:${ANN}`), '-1')
  await land('j1')
  await store.heartbeat(beatOf(ANN, { now: T0 + 2 }))
  assert.deepEqual(await queued(), [job('j1')])
})

test('a job that lands while the wait is being given up goes back without a beat', async () => {
  for (let round = 0; round < 30; round++) {
    const stop = new AbortController()
    const waiting = waitFor(store, ['a', 'b'], stop.signal)
    if (round % 2) await waitUntilBlocked(2)
    if (round % 3) await server.command('SCRIPT', 'FLUSH')
    const pushing = push('a', `j${round}`)
    stop.abort()
    const [claims] = await Promise.all([waiting, pushing])
    assert.equal(await blocked(), 0)
    const settle = claims.map(({ token }) => ({ token, to: 'queue', payload: null }) as const)
    await store.exchange({ identity: ANN, now: T0, settle, queues: [], count: 0 })
    await eventually(async () => assert.deepEqual(await queued(), [job(`j${round}`)]))
    await server.command('DEL', 'queue:a')
  }
})

test('one job wakes one of many idle workers, and the others sleep on', async () => {
  const stores = await Promise.all(
    Array.from({ length: 20 }, () => openRedisStore(runtime, { url: server.url })),
  )
  const stop = new AbortController()
  let woken = 0
  const waits = stores.map(async (each, n) => {
    const identity = `w:${n}:x`
    await each.heartbeat(beatOf(identity))
    await each.waitForJobs({ identity, queues: ['a', 'b'], signal: stop.signal, taken: () => undefined })
    if (!stop.signal.aborted) woken += 1
  })
  await waitUntilBlocked(40)
  await push('a', 'j1')
  await waitUntilBlocked(38)
  assert.equal(woken, 1)
  stop.abort()
  await Promise.all(waits)
  await Promise.all(stores.map((each) => each.close()))
})

test('many waits use few connections, whatever queues they name', async () => {
  const clients = async () =>
    (await server.command('CLIENT', 'LIST')).match(/name=capstan-wait/g)?.length ?? 0
  for (let round = 0; round < 20; round++) {
    const queues = [
      ['a', 'b', 'a'],
      ['b', 'c'],
      ['c', 'a', 'b', 'b'],
    ][round % 3]!
    const waiting = waitFor(store, queues)
    await push(queues.at(-1)!, `j${round}`)
    assert.equal((await waiting).length, 1)
    await waitUntilBlocked(0)
  }
  assert.ok((await clients()) <= 3)
  await store.close()
  await eventually(async () => assert.equal(await clients(), 0))
})

test('two capsules of a worker wait side by side', async () => {
  const first = waitFor(store, ['a', 'b'])
  const second = waitFor(store, ['b', 'c'])
  await waitUntilBlocked(4)
  await push('c', 'j1')
  assert.equal((await second).length, 1)
  await push('a', 'j2')
  assert.equal((await first).length, 1)
})

test('a worker that waits does not keep others from the jobs of its last wait', async () => {
  const waiting = waitFor(store, ['a', 'b'])
  await waitUntilBlocked(2)
  await push('a', 'j1')
  assert.equal((await waiting).length, 1)
  // ANN is busy now; BOB gets what comes.
  await push('b', 'j2')
  await other.heartbeat(beatOf(BOB))
  const reply = await other.exchange({ identity: BOB, now: T0, settle: [], queues: ['b'], count: 1 })
  assert.equal(reply.claims.length, 1)
})

test('a wait without queues lasts until its signal', async () => {
  const stop = new AbortController()
  let isOver = false
  const waiting = waitFor(store, [], stop.signal).then(() => {
    isOver = true
  })
  await pushOne(other, 't', job('j1'))
  assert.equal(isOver, false)
  stop.abort()
  await waiting
})

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Claim } from '../../src/store/exchange.ts'
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
import { type RedisProxy, startRedisProxy } from './redis-proxy.ts'
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
const record = `capstan:inflight:${ANN}`
const size = async (command: 'HLEN' | 'LLEN', key: string) => Number(await server.command(command, key))
const blocked = async () => ((await server.command('CLIENT', 'LIST')).match(/ flags=b /g) ?? []).length
const waitUntilBlocked = (count: number) => eventually(async () => assert.equal(await blocked(), count))

test('a wait claims the job that ends it, and leaves the others where they are', async () => {
  const waiting = waitFor(store, ['a', 'b'])
  await waitUntilBlocked(2)
  await push('b', 'j1', 'j2')
  const claims = await waiting
  assert.deepEqual(
    claims.map(({ queue, payload }) => [queue, payload]),
    [['b', job('j1')]],
  )
  assert.deepEqual(await store.inFlight(ANN), claims)
  assert.deepEqual(await queued('b'), [job('j2')])
  const settle = claims.map(({ token }) => ({ token, to: 'done' }) as const)
  const reply = await store.exchange({ identity: ANN, now: T0, settle, queues: [], count: 0 })
  assert.deepEqual(reply.refused, [])
  assert.equal(await server.command('KEYS', `${record}:*`), '')
})

test('what it waits for is not in flight yet', async () => {
  const stop = new AbortController()
  const waiting = waitFor(store, ['a', 'b'], stop.signal)
  await waitUntilBlocked(2)
  assert.equal(await size('HLEN', record), 2)
  assert.deepEqual(await store.inFlight(ANN), [])
  assert.deepEqual((await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))).inFlight, [])
  assert.equal((await store.stats(T0, 1)).inFlight, 0)
  stop.abort()
  await waiting
  assert.deepEqual(await store.inFlight(ANN), [])
})

/** ANN waits until it is clear that no job comes. */
async function waitInVain(...queues: string[]) {
  const stop = new AbortController()
  const waiting = waitFor(store, queues, stop.signal)
  await waitUntilBlocked(queues.length)
  stop.abort()
  await waiting
}

test('waits that end for nothing write nothing after the first one', async () => {
  const written = async () =>
    /cmdstat_hset:calls=(\d+)/.exec(await server.command('INFO', 'commandstats'))?.[1]
  await waitInVain('a', 'b')
  const first = await written()
  for (let round = 0; round < 5; round++) await waitInVain('a', 'b')
  assert.equal(await written(), first)
  const waiting = waitFor(store, ['a', 'b'])
  await push('b', 'j1')
  const claims = await waiting
  assert.deepEqual(await store.inFlight(ANN), claims)
  assert.equal(await size('HLEN', record), 2)
})

const COME_BACK: Record<string, () => Promise<unknown>> = {
  'at once': async () => undefined,
  'when its bar is gone': async () => server.command('DEL', await server.command('KEYS', `${record}:*`)),
}
for (const [when, pass] of Object.entries(COME_BACK)) {
  test(`a worker that was recovered between two waits and comes back ${when} gets its jobs`, async () => {
    await waitInVain('a')
    await other.recover({ identity: ANN, now: T0, beatAt: T0, revise: () => assert.fail('it held nothing') })
    await pass()
    await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))
    const waiting = waitFor(store, ['a']).catch(() => [])
    await waitUntilBlocked(1)
    await push('a', 'j1')
    assert.deepEqual(await waiting, [])
    assert.deepEqual(await store.inFlight(ANN), [])
    assert.deepEqual(
      (await claim(store, 1)).map(({ payload }) => payload),
      [job('j1')],
    )
    assert.equal((await push('a', 'j2').then(() => waitFor(store, ['a']))).length, 1)
  })
}

test('bytes that are no text are told of by a wait, too', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await server.command('EVAL', `return redis.call('LPUSH', 'queue:a', 'x\\255')`, '0')
  const [claim] = await waiting
  assert.equal(claim?.unreadable, 'not valid UTF-8')
})

test('a worker that is not registered any more hands back what its wait brings', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await server.command('HDEL', 'capstan:workers', ANN)
  await push('a', 'j1')
  assert.deepEqual(await waiting, [])
  assert.deepEqual(await queued(), [job('j1')])
  assert.deepEqual(await store.inFlight(ANN), [])
})

test('a job that comes while its queue is paused goes back to the front', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await other.pause('a', true)
  await push('a', 'j1', 'j2')
  assert.deepEqual(await waiting, [])
  assert.deepEqual(await queued(), [job('j1'), job('j2')])
  assert.deepEqual(await store.inFlight(ANN), [])
})

const DEPARTURES: Record<string, () => Promise<unknown>> = {
  'has left': () => other.leave(ANN, T0),
  'was recovered': () =>
    other.recover({ identity: ANN, now: T0, beatAt: T0, revise: () => assert.fail('it held nothing') }),
}
for (const [what, depart] of Object.entries(DEPARTURES)) {
  test(`the wait of a worker that ${what} takes no job from those who wait behind it`, async () => {
    const waiting = waitFor(store, ['a'])
    await waitUntilBlocked(1)
    await other.heartbeat(beatOf(BOB))
    const taken: Claim[] = []
    const { signal } = new AbortController()
    const behind = other.waitForJobs({
      ...{ identity: BOB, queues: ['a'], signal },
      taken: (claims) => taken.push(...claims),
    })
    await waitUntilBlocked(2)
    await depart()
    await push('a', 'j1')
    await behind
    assert.deepEqual(await waiting, [])
    assert.deepEqual(
      taken.map(({ payload }) => payload),
      [job('j1')],
    )
    const bar = await server.command('KEYS', `${record}:*`)
    assert.ok(Number(await server.command('TTL', bar)) > 0)
    // It may come back, and then waits as ever.
    await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))
    await push('a', 'j2')
    assert.equal((await waitFor(store, ['a'])).length, 1)
  })
}

test('a wait whose connection is lost says that a job may have been claimed', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  const [, id] = /id=(\d+) .*name=capstan-wait/.exec(await server.command('CLIENT', 'LIST'))!
  const refused = assert.rejects(waiting, storeError('store.unknown'))
  await server.command('CLIENT', 'KILL', 'ID', id!)
  await refused
})

describe('a wait that the server goes on serving, though its connection is lost', () => {
  let proxy: RedisProxy
  let behind: Store
  beforeEach(async () => {
    proxy = await startRedisProxy(server.port)
    behind = await openRedisStore(runtime, { url: proxy.url })
    const waiting = waitFor(behind, ['a'])
    await waitUntilBlocked(1)
    proxy.forget()
    await assert.rejects(waiting, storeError('store.unknown'))
    assert.equal(await blocked(), 1)
  })
  afterEach(async () => {
    await behind.close()
    await proxy.close()
  })
  const compare = () => eventually(() => behind.inFlight(ANN))

  test('brings a job into the record, where the worker finds it', async () => {
    await push('a', 'j1', 'j2')
    assert.deepEqual(
      (await compare()).map(({ payload }) => payload),
      [job('j1')],
    )
    assert.deepEqual(await queued(), [job('j2')])
  })

  test('takes no job any more once the worker has compared its record', async () => {
    assert.deepEqual(await compare(), [])
    await push('a', 'j1')
    await waitUntilBlocked(0)
    assert.deepEqual(await queued(), [job('j1')])
    assert.deepEqual(await compare(), [])
    assert.equal(await size('HLEN', record), 0)
  })
})

test('a job that comes after the server has lost its data goes back to its queue by the comparison', async () => {
  const waiting = waitFor(store, ['a'])
  await waitUntilBlocked(1)
  await server.command('FLUSHALL')
  assert.equal((await store.heartbeat(beatOf(ANN))).isNew, true)
  const refused = assert.rejects(waiting, storeError('store.unknown'))
  await push('a', 'j1', 'j2')
  await refused
  assert.deepEqual(await queued(), [job('j2')])
  assert.deepEqual(await store.inFlight(ANN), [])
  assert.deepEqual(await queued(), [job('j1'), job('j2')])
})

test('a job that comes while the wait is being given up is told of, or stays in its queue', async () => {
  for (let round = 0; round < 30; round++) {
    const stop = new AbortController()
    const waiting = waitFor(store, ['a', 'b'], stop.signal)
    if (round % 2) await waitUntilBlocked(2)
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

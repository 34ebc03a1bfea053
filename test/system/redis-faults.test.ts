import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import {
  ANN,
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

const queued = (store: Store) => store.list({ queue: 'a' }, { offset: 0, limit: 10_000 })

describe('through a network that loses things', () => {
  let server: RedisServer
  let proxy: RedisProxy
  let store: Store
  before(async () => {
    server = await startRedisServer()
    proxy = await startRedisProxy(server.port)
    store = await openRedisStore(runtime, { url: proxy.url, commandTimeoutMs: 300 })
  })
  beforeEach(async () => {
    await server.command('FLUSHALL')
    await eventually(() => store.ping())
    await store.heartbeat(beatOf(ANN))
  })
  after(async () => {
    await store.close()
    await proxy.close()
    await server.stop()
  })

  test('a push whose answer is lost fails as unknown, was done, and is not doubled by a repeat', async () => {
    proxy.muteAnswers()
    const pushing = pushOne(store, 't1', job('j1'))
    const failure = assert.rejects(pushing, storeError('store.unknown'))
    await eventually(async () => assert.equal(await server.command('LLEN', 'queue:a'), '1'))
    proxy.cut()
    await failure
    await eventually(() => pushOne(store, 't1', job('j1')))
    assert.equal((await queued(store)).length, 1)
  })

  test('a command without an answer fails within its timeout, and the store connects again', async () => {
    proxy.muteAnswers()
    const started = performance.now()
    await assert.rejects(pushOne(store, 't1', job('j1')), storeError('store.unknown'))
    const tookMs = performance.now() - started
    assert.ok(tookMs >= 300 && tookMs < 1_500, `took ${tookMs} ms`)
    await eventually(() => pushOne(store, 't1', job('j1')))
    assert.equal((await queued(store)).length, 1)
  })

  test('a claim whose answer is lost is seen in flight', async () => {
    await pushOne(store, 't1', job('j1'))
    proxy.muteAnswers()
    await assert.rejects(claim(store, 1), storeError('store.unknown'))
    const held = await eventually(() => store.inFlight(ANN))
    assert.deepEqual(
      held.map(({ payload, queue }) => [payload, queue]),
      [[job('j1'), 'a']],
    )
    const settle = held.map(({ token }) => ({ token, to: 'done' }) as const)
    const reply = await store.exchange({ identity: ANN, now: T0, settle, queues: ['a'], count: 0 })
    assert.deepEqual(reply.refused, [])
  })

  test('calls in the turn in which the connection is cut fail as unknown or as not stored, never hang', async () => {
    const calls = Array.from({ length: 50 }, (_, n) => pushOne(store, `t${n}`, job(`j${n}`)))
    proxy.cut()
    for (const outcome of await Promise.allSettled(calls)) {
      if (outcome.status === 'rejected') {
        assert.match(outcome.reason.code, /^store\.(unknown|not_stored)$/)
        assert.equal(outcome.reason.retryable, true)
      }
    }
    await eventually(() => store.ping())
    for (let n = 0; n < 50; n++) await pushOne(store, `t${n}`, job(`j${n}`))
    assert.equal((await queued(store)).length, 50)
  })

  test('every job is done once while connections are cut at random', async () => {
    const all = Array.from({ length: 300 }, (_, n) => job(`j${n}`))
    const again = <T>(call: () => Promise<T>) => eventually(call)
    const over = new AbortController()
    const cutting = (async () => {
      while (!over.signal.aborted) {
        await runtime.clock.sleep(3 + runtime.random.float() * 20, over.signal)
        proxy.cut()
      }
    })()
    for (const [n, payload] of all.entries()) await again(() => pushOne(store, `t${n}`, payload))
    const done: string[] = []
    while (done.length < all.length) {
      await claim(store, 7).catch(() => [])
      const held = await again(() => store.inFlight(ANN))
      const settle = held.map(({ token }) => ({ token, to: 'done' }) as const)
      await again(() => store.exchange({ identity: ANN, now: T0, settle, queues: ['a'], count: 0 }))
      done.push(...held.map(({ payload }) => payload))
    }
    over.abort()
    await cutting
    assert.deepEqual(done.toSorted(), all.toSorted())
    await eventually(() => store.ping())
    assert.deepEqual([await queued(store), await store.inFlight(ANN)], [[], []])
  })

  test('a wait whose connections are cut ends, and the job is still there', async () => {
    const waiting = assert.rejects(waitFor(store, ['a', 'b']), storeError('store.unknown'))
    await eventually(async () => assert.match(await server.command('CLIENT', 'LIST'), / flags=b /))
    proxy.cut()
    await waiting
    await eventually(() => pushOne(store, 't1', job('j1')))
    assert.equal((await claim(store, 1, ['a', 'b'])).length, 1)
  })

  test('a wait that claims a job and whose answer is lost says so, and the job is seen in flight', async () => {
    const waiting = assert.rejects(waitFor(store, ['a']), storeError('store.unknown'))
    await eventually(async () => assert.match(await server.command('CLIENT', 'LIST'), / flags=b /))
    proxy.muteAnswers()
    await server.command('LPUSH', 'queue:a', job('j1'))
    await eventually(async () => assert.equal(await server.command('LLEN', 'queue:a'), '0'))
    proxy.cut()
    await waiting
    const held = await eventually(() => store.inFlight(ANN))
    assert.deepEqual(
      held.map(({ payload, queue }) => [payload, queue]),
      [[job('j1'), 'a']],
    )
  })
})

describe('while the server is gone', () => {
  let server: RedisServer
  let store: Store
  before(async () => {
    server = await startRedisServer({ appendOnly: true })
    store = await openRedisStore(runtime, { url: server.url })
  })
  after(async () => {
    await store.close()
    await server.stop()
  })

  test('calls fail at once as not stored', async () => {
    await pushOne(store, 't0', job('before'))
    await server.kill()
    await eventually(() => assert.rejects(pushOne(store, 't1', job('j1')), storeError('store.not_stored')))
    const started = performance.now()
    await assert.rejects(pushOne(store, 't1', job('j1')), storeError('store.not_stored'))
    assert.ok(performance.now() - started < 100)
  })

  test('a wait lasts until the server is back, and work goes on within a second, with all jobs', async () => {
    const waiting = waitFor(store, ['a', 'b'])
    await server.restart()
    const backAt = performance.now()
    await waiting
    await eventually(() => store.heartbeat(beatOf(ANN)))
    const claims = await claim(store, 5)
    assert.ok(performance.now() - backAt < 1_000)
    assert.deepEqual(
      claims.map(({ payload }) => payload),
      [job('before')],
    )
  })

  test('a wait under way through a restart ends, and the next job is found', async () => {
    const waiting = assert.rejects(waitFor(store, ['a', 'b']), storeError('store.unknown'))
    await eventually(async () => assert.match(await server.command('CLIENT', 'LIST'), / flags=b /))
    await server.kill()
    await server.restart()
    await waiting
    await eventually(() => store.heartbeat(beatOf(ANN)))
    const next = waitFor(store, ['a', 'b'])
    await eventually(() => pushOne(store, 't2', job('after')))
    assert.equal((await next)[0]?.payload, job('after'))
  })

  test('a wait for a server that does not come back ends with its signal', async () => {
    await server.kill()
    const stop = new AbortController()
    const waiting = waitFor(store, ['a'], stop.signal)
    stop.abort()
    await waiting
    await server.restart()
    await eventually(() => store.ping())
  })

  test('a server that became a replica stores nothing, and is used again when it is the primary again', async () => {
    const waiting = assert.rejects(waitFor(store, ['z']), storeError('store.unknown'))
    await eventually(async () => assert.match(await server.command('CLIENT', 'LIST'), / flags=b /))
    await server.command('REPLICAOF', '127.0.0.1', '1')
    await assert.rejects(pushOne(store, 't5', job('j5')), storeError('store.not_stored'))
    await waiting
    await server.command('REPLICAOF', 'NO', 'ONE')
    await eventually(() => pushOne(store, 't5', job('j5')))
    assert.equal((await store.clear({ queue: 'a' })) > 0, true)
  })

  test('a server that has forgotten the scripts is told them again', async () => {
    await server.command('SCRIPT', 'FLUSH')
    await pushOne(store, 't3', job('j3'))
    assert.equal((await queued(store)).length, 1)
  })

  test('closing while the server is gone ends the attempts to connect', async () => {
    const other = await openRedisStore(runtime, { url: server.url })
    await server.kill()
    await other.close()
    await assert.rejects(pushOne(other, 't4', job('j4')), storeError('store.closed', false))
  })
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { Connection } from '../../src/store/redis/connection.ts'
import { dial } from '../../src/store/redis/dial.ts'
import { openRedisStore } from '../../src/store/redis/index.ts'
import { ReplyError } from '../../src/store/redis/reply-parser.ts'
import { ALL_SCRIPTS } from '../../src/store/redis/scripts/all-scripts.ts'
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
before(async () => {
  server = await startRedisServer()
  store = await openRedisStore(runtime, { url: server.url })
})
after(async () => {
  await store.close()
  await server.stop()
})

const fill = () => server.command('CONFIG', 'SET', 'maxmemory', '1')
const empty = () => server.command('CONFIG', 'SET', 'maxmemory', '0')

test('a full server refuses new jobs as full, whole', async () => {
  await fill()
  const jobs = [
    { queue: 'a', payload: job('j1'), at: null },
    { queue: 'a', payload: job('j2'), at: T0 },
  ]
  await assert.rejects(store.push({ token: 't', now: T0, jobs }), storeError('store.full'))
  assert.equal(await server.command('KEYS', '*'), '')
  await empty()
  await store.push({ token: 't', now: T0, jobs })
  assert.equal((await store.stats(T0, 1)).enqueued, 1)
})

test('a worker that starts on a full server drains it', async () => {
  for (const n of [1, 2, 3, 4, 5]) await pushOne(store, `w${n}`, job(`w${n}`))
  await fill()
  await server.command('SCRIPT', 'FLUSH')
  const late = await openRedisStore(runtime, { url: server.url })
  await late.heartbeat(beatOf(ANN, { processed: 1 }))
  await late.close()
  const claims = await claim(store, 5)
  assert.equal(claims.length, 5)
  const [done, retry, later, dead, back] = claims.map(({ token }) => token) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const reply = await store.exchange({
    identity: ANN,
    now: T0,
    settle: [
      { token: done, to: 'done' },
      { token: retry, to: 'retry', payload: job('r'), at: T0 },
      { token: later, to: 'schedule', payload: job('s'), at: T0 },
      { token: dead, to: 'dead', payload: null, reason: 'r' },
      { token: back, to: 'queue', payload: null },
    ],
    queues: ['a'],
    count: 0,
  })
  assert.deepEqual(reply.refused, [])
  const route = () => ({ to: 'queue', queue: 'b', payload: null }) as const
  assert.equal(await store.promote({ now: T0, limit: 10, route }), 3)
  await store.signal(ANN, 'TSTP')
  assert.equal((await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))).signal, 'TSTP')
  await claim(store, 1, ['b'])
  await store.heartbeat(beatOf(BOB))
  assert.equal((await store.recover({ identity: ANN, now: T0, beatAt: T0 + 1, revise: route }))?.length, 1)
  await store.leave(BOB, T0)
  await empty()
  const { enqueued, dead: buried, inFlight } = await store.stats(T0, 1)
  assert.deepEqual([enqueued, buried, inFlight], [5, 1, 0])
})

test('a wait on a full server ends by itself soon, for another look, whether it is the first or not', async () => {
  await server.command('FLUSHALL')
  await store.heartbeat(beatOf(ANN))
  await store.push({ token: 'z', now: T0, jobs: [{ queue: 'z', payload: job('z'), at: null }] })
  assert.equal((await waitFor(store, ['z'])).length, 1)
  await fill()
  for (const queue of ['z', 'y']) {
    const started = performance.now()
    await waitFor(store, [queue])
    const tookMs = performance.now() - started
    assert.ok(tookMs > 500 && tookMs < 2_000, `took ${tookMs} ms`)
  }
  await empty()
})

test('without flags, as on Redis 6.2, the same scripts are refused and allowed', async () => {
  const { host, port } = { host: '127.0.0.1', port: server.port }
  const signal = new AbortController().signal
  const socket = await dial({ host, port }, { clock: systemClock, timeoutMs: 1_000, tls: null, signal })
  const connection = new Connection(socket, { clock: systemClock, timeoutMs: 3_000, where: 'test' })
  const run = (name: string, keys: string[], args: Array<string | number>) => {
    const { lua } = ALL_SCRIPTS.find((each) => each.name === name)!.plain
    return connection.request(['EVAL', lua, keys.length, ...keys, ...args])
  }
  try {
    await eventually(() => store.ping())
    await store.heartbeat(beatOf(ANN))
    await pushOne(store, 'p', job('p1'))
    await fill()
    const grave = [1, 0, -10_000, 'reason:', 60]
    const pushed = await run('push', ['tok', 'queues', 'schedule', 'queue:a'], [1, 1, 0, 1, 0, 'a', 1, 'x'])
    assert.ok(pushed instanceof ReplyError && pushed.text.includes('OOM'))
    const record = `capstan:inflight:${ANN}`
    const keys = [record, 'capstan:workers', 'paused', 'queue:a']
    const claimed = await run('exchange', keys, [ANN, 1, 'call', 1, 0, 0, 'a'])
    assert.deepEqual(claimed, [1, 1, -1, job('p1')])
    const moved = await run(
      'exchange',
      [...keys, 'queues', 'dead', 'retry'],
      [ANN, 0, 'call2', 1, 0, 0, 'a', 1, ...['call.1:a', 'retry', '1', '', 5, '', ''], ...grave],
    )
    assert.deepEqual(moved, [1])
    assert.equal(await server.command('ZCARD', 'retry'), '1')
  } finally {
    await empty()
    connection.end({ kind: 'closed' })
  }
})

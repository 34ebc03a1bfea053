import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import { ANN, beatOf, claim, job, pushOne, runtime, T0, waitFor } from './redis-fixture.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let server: RedisServer
let store: Store
before(async () => {
  server = await startRedisServer()
  store = await openRedisStore(runtime, { url: server.url })
})
beforeEach(() => server.command('FLUSHDB'))
after(async () => {
  await store.close()
  await server.stop()
})

const lines = async (...words: string[]) => (await server.command(...words)).split('\n').filter(Boolean)
const hash = async (key: string) => {
  const flat = await lines('HGETALL', key)
  return Object.fromEntries(flat.flatMap((each, i) => (i % 2 ? [] : [[each, flat[i + 1]!]])))
}
const ttl = async (key: string) => Number(await server.command('TTL', key))
const near = (actual: number, expected: number) => assert.ok(actual > expected - 10 && actual <= expected)

test('a pushed job is at the head of queue:NAME, and NAME is in queues', async () => {
  await pushOne(store, 't1', job('j1'))
  await pushOne(store, 't2', job('j2'))
  assert.deepEqual(await lines('LRANGE', 'queue:a', '0', '-1'), [job('j2'), job('j1')])
  assert.deepEqual(await lines('SMEMBERS', 'queues'), ['a'])
})

test('a push token lives two minutes, until its answer is known to have arrived', async () => {
  await pushOne(store, 't1', job('j1'))
  near(await ttl('capstan:push:t1'), 120)
  await store.push({ token: 't2', now: T0, jobs: [], answered: ['t1'] })
  assert.equal(await server.command('EXISTS', 'capstan:push:t1'), '0')
})

test('a scheduled job has its moment in seconds with a fraction as its score', async () => {
  await store.push({ token: 't', now: T0, jobs: [{ queue: 'a', payload: job('j1'), at: T0 + 1_250 }] })
  assert.deepEqual(await lines('ZRANGE', 'schedule', '0', '-1', 'WITHSCORES'), [
    job('j1'),
    String((T0 + 1_250) / 1000),
  ])
})

test('a job claimed by itself is taken from the tail and held in one hash per worker', async () => {
  await store.heartbeat(beatOf(ANN))
  await pushOne(store, 't1', job('j1'))
  await pushOne(store, 't2', job('j2'))
  const [held] = await claim(store, 1)
  assert.equal(held?.payload, job('j1'))
  assert.deepEqual(await hash(`capstan:inflight:${ANN}`), { [held!.token]: job('j1') })
  assert.match(held!.token, /^[0-9a-z]+-[0-9a-f]{4}-[0-9a-z]+\.1:a$/)
})

test('settled jobs go to retry, schedule and dead with scores in seconds, and back to the tail', async () => {
  await store.heartbeat(beatOf(ANN))
  for (const n of [1, 2, 3, 4]) await pushOne(store, `t${n}`, job(`j${n}`))
  const [a, b, c, d] = await claim(store, 4)
  await pushOne(store, 't5', job('j5'))
  await store.exchange({
    identity: ANN,
    now: T0 + 500,
    queues: [],
    count: 0,
    settle: [
      { token: a!.token, to: 'retry', payload: job('r'), at: T0 + 15_001 },
      { token: b!.token, to: 'schedule', payload: job('s'), at: T0 + 2_000 },
      { token: c!.token, to: 'dead', payload: null, reason: 'not valid JSON' },
      { token: d!.token, to: 'queue', payload: null },
    ],
  })
  const set = (key: string) => lines('ZRANGE', key, '0', '-1', 'WITHSCORES')
  const score = async (key: string) => Number((await set(key))[1])
  assert.equal((await set('retry'))[0], job('r'))
  assert.equal(await score('retry'), (T0 + 15_001) / 1000)
  assert.equal(await score('schedule'), (T0 + 2_000) / 1000)
  assert.equal((await set('dead'))[0], job('j3'))
  assert.equal(await score('dead'), (T0 + 500) / 1000)
  assert.deepEqual(await lines('LRANGE', 'queue:a', '0', '-1'), [job('j5'), job('j4')])
  const [reason] = await lines('KEYS', 'capstan:reason:*')
  assert.equal(await server.command('GET', reason!), 'not valid JSON')
  assert.ok((await ttl(reason!)) > 86_400)
})

test('a beat writes the process as every Sidekiq reads it', async () => {
  const running = [{ token: 'c.1:a', queue: 'a', payload: job('j1'), startedAt: T0 - 1_700 }]
  await store.heartbeat(beatOf(ANN, { now: T0 + 250, running, quiet: true }))
  assert.deepEqual(await lines('SMEMBERS', 'processes'), [ANN])
  const { info, ...fields } = await hash(ANN)
  assert.deepEqual(fields, {
    concurrency: '6',
    busy: '1',
    beat: String((T0 + 250) / 1000),
    quiet: 'true',
    rss: '51200',
    rtt_us: '180',
  })
  assert.deepEqual(JSON.parse(info!), {
    hostname: 'host-1',
    started_at: (T0 - 5_250) / 1000,
    pid: 4321,
    tag: 'app',
    concurrency: 6,
    queues: ['a', 'b', 'c'],
    weights: [
      { a: 1, b: 2 },
      { b: 0, c: 0 },
    ],
    capsules: {
      default: { concurrency: 5, mode: 'weighted', weights: { a: 1, b: 2 } },
      single: { concurrency: 1, mode: 'strict', weights: { b: 0, c: 0 } },
    },
    labels: ['blue'],
    identity: ANN,
    version: '0.1.0',
    embedded: false,
  })
  for (const key of [ANN, `${ANN}:work`, `${ANN}:workers`]) near(await ttl(key), 60)
  for (const key of [`${ANN}:work`, `${ANN}:workers`]) {
    const work = await hash(key)
    assert.deepEqual(Object.keys(work), ['c.1:a'])
    assert.deepEqual(JSON.parse(work['c.1:a']!), {
      queue: 'a',
      payload: job('j1'),
      run_at: Math.floor((T0 - 1_700) / 1000),
    })
  }
})

test('the next beat rewrites the running jobs whole', async () => {
  const running = [{ token: 'c.1:a', queue: 'a', payload: job('j1'), startedAt: T0 }]
  await store.heartbeat(beatOf(ANN, { running }))
  await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))
  assert.equal(await server.command('EXISTS', `${ANN}:work`, `${ANN}:workers`), '0')
})

test('hundreds of running jobs fit into a beat', async () => {
  const running = Array.from({ length: 1_500 }, (_, n) => ({
    token: `c.${n}:a`,
    queue: 'a',
    payload: job(`j${n}`),
    startedAt: T0,
  }))
  await store.heartbeat(beatOf(ANN, { running }))
  assert.equal(await server.command('HLEN', `${ANN}:work`), '1500')
  const [record] = await store.workers()
  assert.deepEqual(record!.running, running)
})

test('counters go to the totals and to the UTC day, which is kept five years', async () => {
  await store.heartbeat(beatOf(ANN, { processed: 7, failed: 2 }))
  assert.deepEqual(
    await lines(
      'MGET',
      'stat:processed',
      'stat:failed',
      'stat:processed:2025-10-14',
      'stat:failed:2025-10-14',
    ),
    ['7', '2', '7', '2'],
  )
  near(await ttl('stat:processed:2025-10-14'), 157_680_000)
  assert.equal(await ttl('stat:processed'), -1)
})

test('a beat that counts nothing makes no counters', async () => {
  await store.heartbeat(beatOf(ANN))
  assert.deepEqual(await lines('KEYS', 'stat:*'), [])
})

test("of a process of Sidekiq's nothing is shown that it does not tell", async () => {
  const orders = [
    [{ queues: ['a', 'b'] }, { mode: null, weights: { a: null, b: null } }],
    [
      { queues: ['a', 'b'], weights: [{ a: 2, b: 1 }] },
      { mode: 'weighted', weights: { a: 2, b: 1 } },
    ],
    [
      { queues: ['a'], weights: [{ a: 0 }] },
      { mode: 'strict', weights: { a: 0 } },
    ],
    [
      { queues: ['a'], weights: [{ a: 1 }] },
      { mode: 'random', weights: { a: 1 } },
    ],
    [
      { queues: ['a', 'b'], weights: [{ a: 1 }, { b: 0 }] },
      { mode: null, weights: { a: 1, b: 0 } },
    ],
    [
      { queues: ['a'], weights: [null, 'b', { a: 'x' }] },
      { mode: null, weights: { a: null } },
    ],
    [
      { queues: ['a'], weights: [7] },
      { mode: null, weights: { a: null } },
    ],
  ] as const
  for (const [told, shown] of orders) {
    const info = JSON.stringify({ hostname: 'r', pid: 1, concurrency: 5, ...told })
    await server.command('HSET', 'r:1:abc', 'info', info, 'beat', String(T0 / 1000))
    await server.command('SADD', 'processes', 'r:1:abc')
    const record = (await store.workers()).find(({ info }) => info.identity === 'r:1:abc')
    assert.deepEqual(record?.info.capsules, [{ name: 'default', concurrency: 5, ...shown }])
  }
})

test('a signal is left as Sidekiq leaves it, and one left by Sidekiq is taken', async () => {
  await store.signal(ANN, 'TSTP')
  assert.deepEqual(await lines('LRANGE', `${ANN}-signals`, '0', '-1'), ['TSTP'])
  near(await ttl(`${ANN}-signals`), 60)
  await server.command('LPUSH', `${ANN}-signals`, 'TERM')
  assert.equal((await store.heartbeat(beatOf(ANN))).signal, 'TSTP')
  assert.equal((await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))).signal, 'TERM')
})

test('a worker that leaves is out of processes at once, and its running jobs are gone', async () => {
  const running = [{ token: 'c.1:a', queue: 'a', payload: job('j1'), startedAt: T0 }]
  await store.heartbeat(beatOf(ANN, { running }))
  await store.leave(ANN, T0)
  assert.deepEqual(await lines('SMEMBERS', 'processes'), [])
  assert.equal(await server.command('EXISTS', `${ANN}:work`, `${ANN}:workers`, 'capstan:workers'), '0')
})

test('pausing is a set of queue names, as in Sidekiq Pro', async () => {
  await store.pause('a', true)
  assert.deepEqual(await lines('SMEMBERS', 'paused'), ['a'])
  await store.pause('a', false)
  assert.equal(await server.command('EXISTS', 'paused'), '0')
})

test('the dead set keeps 9,999', async () => {
  await server.command(
    'EVAL',
    `for i = 1, 10005 do redis.call('ZADD', 'dead', ${T0 / 1000} + i, 'd' .. i) end`,
    '0',
  )
  await pushOne(store, 't', job('j'))
  const [entry] = await store.list({ queue: 'a' }, { offset: 0, limit: 1 })
  assert.equal(
    await store.move({ queue: 'a' }, entry!.ref, { to: 'dead', payload: null, now: T0 + 1e8 }),
    true,
  )
  assert.equal(await server.command('ZCARD', 'dead'), '9999')
})

test('bytes that are no UTF-8 survive every way unharmed', async () => {
  // Lua decimal escapes: a JSON text with a Latin-1 é and a lone continuation byte.
  const bytes = `'{"jid":"\\233\\128"}'`
  const isWhole = async (lua: string) => assert.equal(await server.command('EVAL', `return ${lua}`, '0'), '1')
  await store.heartbeat(beatOf(ANN))
  await server.command('EVAL', `redis.call('LPUSH', 'queue:a', ${bytes})`, '0')
  const [held] = await claim(store, 1)
  await store.exchange({
    identity: ANN,
    now: T0,
    queues: [],
    count: 0,
    settle: [{ token: held!.token, to: 'dead', payload: null, reason: 'not valid UTF-8' }],
  })
  await isWhole(`redis.call('ZSCORE', 'dead', ${bytes}) and 1`)
  const [dead] = await store.list({ set: 'dead' }, { offset: 0, limit: 1 })
  assert.equal(dead!.reason, 'not valid UTF-8')
  await store.move({ set: 'dead' }, dead!.ref, { to: 'queue', queue: 'a', payload: null })
  await claim(store, 1)
  const mangle = (payload: string) => ({ to: 'queue', queue: 'a', payload: `${payload} ` }) as const
  await store.recover({ identity: ANN, now: T0, beatAt: T0, revise: mangle })
  await isWhole(`redis.call('LREM', 'queue:a', 1, ${bytes})`)
  await server.command('EVAL', `redis.call('ZADD', 'retry', 1, ${bytes})`, '0')
  assert.equal(await store.promote({ now: T0, limit: 9, route: mangle }), 1)
  await isWhole(`redis.call('ZREM', 'dead', ${bytes})`)
})

test('scores with microseconds, as Ruby writes them, are found again', async () => {
  await server.command('ZADD', 'retry', '1760437800.7505522', job('j1'))
  const [entry] = await store.list({ set: 'retry' }, { offset: 0, limit: 1 })
  assert.ok(Math.abs(entry!.at! - 1_760_437_800_750.552) < 0.001)
  assert.equal(await store.move({ set: 'retry' }, entry!.ref, { to: 'nowhere' }), true)
})

test('a key of the wrong kind refuses a push before anything changes', async () => {
  await server.command('SET', 'queue:b', 'x')
  const jobs = ['a', 'b'].map((queue) => ({ queue, payload: job('j1'), at: null }))
  await assert.rejects(store.push({ token: 't', now: T0, jobs }), {
    code: 'store.not_stored',
    retryable: false,
  })
  assert.deepEqual(await lines('KEYS', '*'), ['queue:b'])
})

test('a key of the wrong kind does not lose what was taken from the queue before it', async () => {
  await store.heartbeat(beatOf(ANN))
  await pushOne(store, 't', job('j1'))
  await server.command('SET', 'queue:b', 'x')
  assert.equal((await claim(store, 5, ['a', 'b'])).length, 1)
  assert.deepEqual(
    (await store.inFlight(ANN)).map(({ payload }) => payload),
    [job('j1')],
  )
})

test('with a prefix every key has it, and none is touched without', async () => {
  const prefixed = await openRedisStore(runtime, { url: server.url, keyPrefix: 'app:' })
  try {
    await prefixed.heartbeat(beatOf(ANN, { processed: 1, failed: 1, running: [] }))
    await pushOne(prefixed, 't', job('j1'))
    await prefixed.push({ token: 'u', now: T0, jobs: [{ queue: 'b', payload: job('j2'), at: T0 }] })
    await prefixed.promote({ now: T0, limit: 1, route: () => ({ to: 'dead', payload: null, reason: 'x' }) })
    await prefixed.pause('z', true)
    await prefixed.signal(ANN, 'TERM')
    assert.equal((await waitFor(prefixed, ['a'])).length, 1)
    for (const key of await lines('KEYS', '*')) assert.ok(key.startsWith('app:'), key)
    assert.equal(await server.command('SCARD', 'app:processes'), '1')
  } finally {
    await prefixed.close()
  }
})

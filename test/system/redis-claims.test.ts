import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type LogFields, silentLogger } from '../../src/kernel/logger.ts'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import { ANN, BOB, beatOf, claim, eventually, job, runtime, T0 } from './redis-fixture.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

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
beforeEach(async () => {
  await server.command('FLUSHALL')
  await store.heartbeat(beatOf(ANN))
})

const RECORD = `capstan:inflight:${ANN}`
const lines = async (...words: string[]) => (await server.command(...words)).split('\n')
const jobs = (count: number) => Array.from({ length: count }, (_, index) => job(`j${index + 1}`))
const tokens = (claims: ReadonlyArray<{ token: string }>) => claims.map(({ token }) => token)

let pushes = 0
async function push(...payloads: string[]): Promise<void> {
  pushes += 1
  const batch = payloads.map((payload) => ({ queue: 'a', payload, at: null }))
  await store.push({ token: `push ${pushes}`, now: T0, jobs: batch })
}

const done = (...ended: string[]) =>
  store.exchange({
    identity: ANN,
    now: T0,
    settle: ended.map((token) => ({ token, to: 'done' })),
    queues: [],
    count: 0,
  })

test('jobs claimed together are one field of the record, and their payloads a list, the first of them last', async () => {
  await push(...jobs(6))
  const claims = await claim(store, 5)
  assert.deepEqual(
    claims.map(({ payload }) => payload),
    jobs(5),
  )
  const [field, marks] = await lines('HGETALL', RECORD)
  assert.match(field!, /^[0-9a-z]+-[0-9a-f]{4}-[0-9a-z]+:a$/)
  assert.equal(marks, '11111')
  assert.deepEqual(
    tokens(claims),
    [1, 2, 3, 4, 5].map((number) => `${number}/${field}`),
  )
  assert.deepEqual(await lines('LRANGE', `${RECORD}:${field}`, '0', '-1'), jobs(5).toReversed())
  assert.deepEqual(await lines('LRANGE', 'queue:a', '0', '-1'), [job('j6')])
  assert.deepEqual(await store.inFlight(ANN), claims)
  assert.equal((await store.stats(T0, 1)).inFlight, 5)
})

test('record and list go with the last of the jobs, at once or one by one', async () => {
  await push(...jobs(12))
  const [together, apart] = [tokens(await claim(store, 6)), tokens(await claim(store, 6))]
  assert.deepEqual((await done(...together)).refused, [])
  assert.deepEqual((await done(...together)).refused, together)
  for (const token of apart.toReversed()) {
    assert.deepEqual((await done(token)).refused, [])
    assert.deepEqual((await done(token)).refused, [token])
  }
  assert.deepEqual(await lines('KEYS', 'capstan:inflight:*'), [''])
})

test('a beat removes the payloads of jobs that ended before others of their claim', async () => {
  await push(...jobs(5))
  const claims = await claim(store, 5)
  await done(claims[1]!.token, claims[3]!.token, claims[4]!.token)
  const [field] = await lines('HKEYS', RECORD)
  const list = () => lines('LRANGE', `${RECORD}:${field}`, '0', '-1')
  assert.deepEqual(await list(), jobs(5).toReversed())
  const held = [claims[0]!, claims[2]!]
  for (const now of [T0 + 1, T0 + 2]) {
    const { inFlight } = await store.heartbeat(beatOf(ANN, { now }))
    assert.deepEqual(inFlight, tokens(held))
    assert.deepEqual(await list(), [job('j3'), '', job('j1')])
  }
  assert.deepEqual(await store.inFlight(ANN), held)
  assert.deepEqual((await done(...tokens(claims))).refused, [
    claims[1]!.token,
    claims[3]!.token,
    claims[4]!.token,
  ])
  assert.deepEqual(await lines('KEYS', 'capstan:inflight:*'), [''])
})

test('of jobs claimed together, those whose bytes are no text are told from those that only look so', async () => {
  await push(job('j1'), job('\ufffd'))
  await server.command('EVAL', `redis.call('LPUSH', 'queue:a', '\\255')`, '0')
  await push(job('j4'), job('j5'))
  const unreadable = (await claim(store, 5)).map((each) => each.unreadable ?? null)
  assert.deepEqual(unreadable, [null, null, 'not valid UTF-8', null, null])
})

test('what a worker that fell silent was running is still shown', async () => {
  await push(...jobs(5))
  const running = (await claim(store, 5)).slice(1, 3).map((each) => ({ ...each, startedAt: T0 }))
  await store.heartbeat(beatOf(ANN, { now: T0 + 1, running }))
  const shown = async () => (await store.workers())[0]?.running
  assert.deepEqual(await shown(), running)
  await server.command('DEL', `${ANN}:work`)
  assert.deepEqual(await shown(), running)
})

test('what is claimed together is in the append-only file once, and in flight after a crash of the server', async () => {
  const payloads = jobs(8).map((payload) => payload.replace('"A"', '"WrittenOnce"'))
  await push(...payloads)
  const claims = await claim(store, 8)
  await done(claims[0]!.token)
  await server.kill()
  await server.restart()
  const held = await eventually(() => store.inFlight(ANN))
  assert.deepEqual(held, claims.slice(1))
  const folder = join(server.dir, 'appendonlydir')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.aof'))
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  assert.equal(texts.join('').split('WrittenOnce').length - 1, payloads.length)
})

test('a replica holds the same', async () => {
  const replica = await startRedisServer({ config: [`replicaof 127.0.0.1 ${server.port}`] })
  try {
    await eventually(async () => assert.match(await replica.command('INFO', 'replication'), /link_status:up/))
    await push(...jobs(9))
    const claims = await claim(store, 8)
    await done(claims[2]!.token)
    await store.heartbeat(beatOf(ANN, { now: T0 + 1 }))
    const digest = await server.command('DEBUG', 'DIGEST')
    await eventually(async () => assert.equal(await replica.command('DEBUG', 'DIGEST'), digest))
  } finally {
    await replica.stop()
  }
})

test('a server that has forgotten the scripts still gives all that it has recorded', async () => {
  await push(...jobs(8))
  await server.command('SCRIPT', 'FLUSH')
  const claims = await claim(store, 8)
  assert.deepEqual(
    claims.map(({ payload }) => payload),
    jobs(8),
  )
  assert.deepEqual(await store.inFlight(ANN), claims)
})

/** Eight jobs of a queue, claimed by a user with these rights; they are settled again. */
async function claimedBy(...rights: string[]): Promise<string[]> {
  await server.command('ACL', 'SETUSER', 'user', 'reset', 'on', '>pw', ...rights)
  const theirs = await openRedisStore(runtime, { url: `redis://user:pw@127.0.0.1:${server.port}` })
  try {
    await push(...jobs(8))
    const claims = await claim(theirs, 8)
    assert.deepEqual(
      claims.map(({ payload }) => payload),
      jobs(8),
    )
    assert.deepEqual((await done(...tokens(claims))).refused, [])
    return tokens(claims)
  } finally {
    await theirs.close()
  }
}

test('the least rights of a user are enough to claim together', async () => {
  const rights = ['~queue*', '~capstan:*', '~paused', '~dead', '-@all', '+@read', '+@write', '+@scripting']
  for (const token of await claimedBy(...rights, '+@connection')) assert.match(token, /^\d\/.*:a$/)
})

test('a user who may not SORT claims as well, each job by itself', async () => {
  for (const token of await claimedBy('~*', '+@all', '-sort')) assert.match(token, /\.\d:a$/)
})

test('what a worker of a release without lists held is recovered', async () => {
  const held = { 'mg-00ff-1.2:a': job('j2'), 'mg-00ff-1.1:a': job('j1'), 'mg-00ff-1.3:b': job('j3') }
  const info = beatOf(BOB).worker
  const record = { beatAt: T0, quiet: false, rssKib: 1, info, running: [], signal: null }
  await server.command('HSET', `capstan:inflight:${BOB}`, ...Object.entries(held).flat())
  await server.command('HSET', 'capstan:workers', BOB, JSON.stringify(record))
  assert.equal((await store.stats(T0, 1)).inFlight, 3)
  const revise = (_payload: string, queue: string) => ({ to: 'queue', queue, payload: null }) as const
  assert.equal((await store.recover({ identity: BOB, now: T0, beatAt: T0, revise }))?.length, 3)
  assert.deepEqual(await lines('LRANGE', 'queue:a', '0', '-1'), [job('j2'), job('j1')])
  assert.deepEqual(await lines('LRANGE', 'queue:b', '0', '-1'), [job('j3')])
})

test('a release without lists finds no beat in the record, and so leaves its recovery to others', async () => {
  // How it looks for the beat, in its script that recovers.
  const old = `return string.match(redis.call('HGET', 'capstan:workers', ARGV[1]), '^{"beatAt":([^,]+),')`
  assert.equal(await server.command('EVAL', old, '0', ANN), '')
})

test('a queue whose key is no list is said once, stops no other, and is asked again', async () => {
  const said: unknown[] = []
  const logger = { ...silentLogger, error: (_: string, fields?: LogFields) => void said.push(fields) }
  const own = await openRedisStore({ ...runtime, logger }, { url: server.url })
  try {
    await server.command('SET', 'queue:broken', 'by another program')
    await push(...jobs(7))
    for (const [count, got] of [
      [1, 1],
      [5, 5],
    ] as const) {
      const request = { identity: ANN, now: T0, settle: [], count }
      const { claims, paused } = await own.exchange({ ...request, queues: ['broken', 'a'] })
      assert.deepEqual([claims.length, paused], [got, ['broken']])
    }
    assert.deepEqual(said, [{ queue: 'broken', key: 'queue:broken' }])
    await server.command('DEL', 'queue:broken')
    await server.command('LPUSH', 'queue:broken', job('mended'))
    assert.deepEqual(
      (await claim(own, 1, ['broken', 'a'])).map(({ payload }) => payload),
      [job('mended')],
    )
  } finally {
    await own.close()
  }
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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
  waitFor,
} from './redis-fixture.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

let primary: RedisServer
let replica: RedisServer
let sentinels: RedisServer[]
let store: Store
const options = () => ({
  url: 'redis://:pw@ignored/0',
  sentinel: {
    name: 'jobs',
    sentinels: ['127.0.0.1:1', ...sentinels.map(({ port }) => `127.0.0.1:${port}`)],
    password: 'guard',
  },
})

before(async () => {
  primary = await startRedisServer({ password: 'pw', config: ['masterauth pw'] })
  replica = await startRedisServer({
    password: 'pw',
    config: ['masterauth pw', `replicaof 127.0.0.1 ${primary.port}`],
  })
  sentinels = await Promise.all([1, 2, 3].map(() => startRedisServer({ sentinel: true, password: 'guard' })))
  for (const sentinel of sentinels) {
    await sentinel.command('SENTINEL', 'MONITOR', 'jobs', '127.0.0.1', String(primary.port), '2')
    const settings = { 'auth-pass': 'pw', 'down-after-milliseconds': '500', 'failover-timeout': '3000' }
    for (const [name, value] of Object.entries(settings)) {
      await sentinel.command('SENTINEL', 'SET', 'jobs', name, value)
    }
    await sentinel.command('SENTINEL', 'CONFIG', 'SET', 'sentinel-pass', 'guard')
  }
  await eventually(async () => {
    assert.match(await replica.command('ROLE'), /connected/)
    for (const sentinel of sentinels) {
      assert.match(await sentinel.command('SENTINEL', 'MASTER', 'jobs'), /num-slaves\n1/)
      assert.match(await sentinel.command('SENTINEL', 'MASTER', 'jobs'), /num-other-sentinels\n2/)
    }
  })
  store = await openRedisStore(runtime, options())
})
after(async () => {
  await store?.close()
  for (const server of [...(sentinels ?? []), replica, primary]) await server?.stop()
})

test('the primary is found though one sentinel is gone, and named in the health', async () => {
  await pushOne(store, 't1', job('j1'))
  assert.equal(await primary.command('LLEN', 'queue:a'), '1')
  assert.match((await store.ping()).location, /the primary 'jobs' of 127\.0\.0\.1:1, /)
})

test('a primary that nobody knows is said so', async () => {
  const unknown = { ...options(), sentinel: { ...options().sentinel, name: 'other' } }
  await assert.rejects(openRedisStore(runtime, unknown), (error: Error) => {
    assert.match(error.message, /no sentinel told where the primary 'other' is/)
    return storeError('store.not_stored')(error)
  })
})

test('a primary that is demoted is left for the new one', async () => {
  await store.heartbeat(beatOf(ANN))
  await eventually(async () => assert.equal(await replica.command('LLEN', 'queue:a'), '1'))
  await eventually(async () =>
    assert.equal(await sentinels[0]!.command('SENTINEL', 'FAILOVER', 'jobs'), 'OK'),
  )
  const waiting = waitFor(store, ['b']).catch((error) => assert.ok(storeError('store.unknown')(error)))
  await eventually(async () => assert.match(await primary.command('ROLE'), /^slave/))
  await eventually(async () => {
    await pushOne(store, 't2', job('j2'))
    assert.equal((await replica.command('GET', 'capstan:push:t2')) !== '', true)
  })
  await waiting
  assert.deepEqual((await claim(store, 5)).map(({ payload }) => payload).toSorted(), [job('j1'), job('j2')])
})

test('a primary that dies is replaced, and work goes on', async () => {
  // The servers have changed roles above.
  await eventually(async () => assert.match(await primary.command('ROLE'), /connected/))
  await eventually(async () => {
    for (const sentinel of sentinels) {
      const said = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'jobs')
      assert.match(said, new RegExp(`\n${replica.port}$`))
      assert.match(await sentinel.command('SENTINEL', 'REPLICAS', 'jobs'), /master-link-status\nok/)
    }
  })
  await replica.kill()
  await eventually(() => pushOne(store, 't3', job('j3')))
  assert.equal(await primary.command('LLEN', 'queue:a'), '1')
})

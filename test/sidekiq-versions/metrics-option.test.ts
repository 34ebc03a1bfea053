import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openRedisStore, type RedisOptions } from '../../src/store/redis/index.ts'
import { ANN, beatOf, eventually, runtime, storeError, T0 } from '../system/redis-fixture.ts'
import { startRedisProxy } from '../system/redis-proxy.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'

type Opened = Awaited<ReturnType<typeof openRedisStore>>

const SEVEN = '{"hostname":"seven","version":"7.3.10"}'
const histogram = new Array<number>(26).fill(0).with(0, 1)
const executions = [{ name: 'OkJob', processed: 1, failed: 0, elapsedMs: 5, histogram }]

let server: RedisServer
before(async () => {
  server = await startRedisServer()
})
beforeEach(() => server.command('FLUSHDB'))
after(() => server.stop())

async function withStore(options: RedisOptions, body: (store: Opened) => Promise<void>): Promise<void> {
  const store = await openRedisStore(runtime, { url: server.url, ...options })
  try {
    await body(store)
  } finally {
    await store.close()
  }
}

async function registerSeven(prefix = ''): Promise<void> {
  await server.command('SADD', `${prefix}processes`, 'seven:1:aabbccddeeff')
  await server.command('HSET', `${prefix}seven:1:aabbccddeeff`, 'info', SEVEN)
}

/** Every key of metrics, and only such. */
const metrics = async () => {
  const keys = (await server.command('KEYS', '*')).split('\n')
  return keys.filter((key) => /j\||OkJob/.test(key)).toSorted()
}
const written = (keys: readonly string[]) =>
  eventually(async () => assert.deepEqual(await metrics(), keys.toSorted()))

const KEYS_OF_7 = ['OkJob-14-10:30', 'j|20251014|10:30']
const KEYS_OF_8 = ['h|OkJob-14-10:30', 'j|251014|10:3', 'j|251014|10:30']

describe('the option metrics', () => {
  for (const [option, keys] of [
    ['7', KEYS_OF_7],
    ['8', KEYS_OF_8],
  ] as const)
    test(`'${option}' asks for classes from the first beat on, and writes that form though none or another is there`, async () => {
      if (option === '8') await registerSeven()
      await withStore({ metrics: option }, async (store) => {
        assert.equal((await store.heartbeat(beatOf(ANN))).countsClasses, true)
        await store.heartbeat(beatOf(ANN, { now: T0 + 1, executions }))
        await written(keys)
      })
    })

  test("'off' asks for none and writes none, though a Sidekiq 7 is there", async () => {
    await registerSeven()
    await withStore({ metrics: 'off' }, async (store) => {
      for (let minute = 0; minute < 5; minute++) {
        const beat = beatOf(ANN, { now: T0 + minute * 61_000, executions })
        assert.equal((await store.heartbeat(beat)).countsClasses, false)
        // Room for a look at the processes, which takes two turns.
        for (let turn = 0; turn < 3; turn++) await store.ping()
      }
      assert.deepEqual(await metrics(), [])
    })
  })

  test('another value is refused before anything is opened', async () => {
    for (const value of ['9', 'on', 7, true]) {
      const options = { url: server.url, metrics: value } as unknown as RedisOptions
      await assert.rejects(openRedisStore(runtime, options), {
        code: 'options.invalid',
        message: `metrics: expected one of auto, 7, 8, off, got ${value}`,
      })
    }
  })

  test('with a keyPrefix, Sidekiq is looked for and metrics and marks are written behind it alone', async () => {
    await registerSeven('shop:')
    await withStore({ keyPrefix: 'shop:' }, async (store) => {
      let now = T0 - 60_000
      await eventually(async () => {
        const { countsClasses } = await store.heartbeat(beatOf(ANN, { now: ++now }))
        assert.equal(countsClasses, true)
      })
      await store.heartbeat(beatOf(ANN, { executions }))
      await written(KEYS_OF_7.map((key) => `shop:${key}`))
      assert.equal(await store.markDeploy('abc', T0), true)
      const all = (await server.command('KEYS', '*')).split('\n')
      assert.deepEqual(
        all.filter((key) => !key.startsWith('shop:')),
        [],
      )
      assert.ok(all.includes('shop:20251014-marks'))
    })
  })
})

test('what a beat brought whose answer was lost is counted once, when it is repeated', async (t) => {
  const proxy = await startRedisProxy(server.port)
  t.after(() => proxy.close())
  await withStore({ url: proxy.url, metrics: '8', commandTimeoutMs: 300 }, async (store) => {
    const beat = beatOf(ANN, { processed: 1, executions })
    proxy.muteAnswers()
    await assert.rejects(store.heartbeat(beat), storeError('store.unknown'))
    assert.equal(await server.command('GET', 'stat:processed'), '1', 'the lost one had its effect')
    await eventually(() => store.heartbeat(beat))
    await written(KEYS_OF_8)
    // Behind whatever the beats have sent.
    await store.ping()
    assert.equal(await server.command('HGET', 'j|251014|10:30', 'OkJob|p'), '1')
    assert.equal(await server.command('GET', 'stat:processed'), '1')
  })
})

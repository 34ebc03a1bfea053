import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { jobError } from '../../src/job/failure.ts'
import { invocationOf } from '../../src/job/invocation.ts'
import { isMalformed, parsePayload } from '../../src/job/payload.ts'
import { readWireTime } from '../../src/job/wire-time.ts'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import { RunningJob } from '../../src/worker/running-job.ts'
import { settlementOf } from '../../src/worker/settlement.ts'
import { ANN, beatOf, claim, eventually, runtime, T0 } from '../system/redis-fixture.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'
import { fixture, payloadsOf } from './fixtures/payloads.ts'

let server: RedisServer
let store: Store
before(async () => {
  server = await startRedisServer()
})
beforeEach(async () => {
  await server.command('FLUSHDB')
  await store?.close()
  store = await openRedisStore(runtime, { url: server.url })
})
after(async () => {
  await store.close()
  await server.stop()
})

/** All but what a failure writes. */
function kept(payload: string): Record<string, unknown> {
  const { error_message, error_class, retry_count, failed_at, retried_at, error_backtrace, queue, ...rest } =
    JSON.parse(payload)
  return rest
}

async function register(name: string) {
  const { info, ...fields } = JSON.parse(fixture(name))
  const flat = (Object.entries(fields) as Array<[string, string]>).flat()
  await server.command('SADD', 'processes', info.identity)
  await server.command('HSET', info.identity, 'info', JSON.stringify(info), ...flat)
  const job = JSON.stringify({ queue: 'a', payload: payloadsOf(7)[0], run_at: 1795492290 })
  await server.command('HSET', `${info.identity}:work`, 'tid', job)
}

for (const major of [7, 8] as const)
  for (const [line, payload] of payloadsOf(major).entries()) {
    test(`payload ${line + 1} of Sidekiq ${major} is claimed and handed back with every byte`, async () => {
      await store.heartbeat(beatOf(ANN))
      await server.command('LPUSH', 'queue:a', payload)
      const [held] = await claim(store, 1)
      assert.equal(held!.payload, payload)
      await store.leave(ANN, T0)
      assert.equal((await server.command('LINDEX', 'queue:a', '0')).trim(), payload)
    })

    test(`payload ${line + 1} of Sidekiq ${major} is understood, and its retry keeps what is not of the failure`, () => {
      const parsed = parsePayload(payload)
      assert.ok(!isMalformed(parsed))
      assert.equal('refused' in invocationOf(payload, parsed), false)
      const job = new RunningJob({ token: 't', queue: 'a', payload }, parsed, T0)
      const result = { kind: 'failed', error: jobError(new Error('no')) } as const
      const settlement = settlementOf(job, result, { definition: null, now: T0, random: runtime.random })
      assert.ok(settlement.to === 'retry')
      assert.deepEqual(kept(settlement.payload), kept(payload))
      const before = payload.slice(payload.indexOf('"args"'), payload.indexOf(',"class"'))
      assert.ok(settlement.payload.includes(before), 'the bytes of the arguments')
      const { failed_at, retried_at } = JSON.parse(settlement.payload)
      const had = JSON.parse(payload).failed_at
      assert.equal(failed_at, had ?? T0 / 1000)
      assert.equal(readWireTime(had === undefined ? failed_at : retried_at), T0)
      assert.match(settlement.payload, /"(failed|retried)_at":\d{10}\.\d/)
    })
  }

test('processes of both versions, early and late, are listed with slots, state and what they run', async () => {
  for (const form of ['7-first', '7', '8-first', '8']) await register(`process-${form}.json`)
  const found = await store.workers()
  assert.deepEqual(
    found.map(({ info, quiet, running }) => [
      info.version,
      info.capsules[0]?.concurrency,
      quiet,
      running.length,
    ]),
    [
      ['8.1.7', 7, true, 1],
      ['8.0.4', 6, false, 1],
      ['Sidekiq', 10, false, 1],
      ['7.3.10', 5, false, 1],
    ],
  )
})

for (const [file, key] of [
  ['process-7.json', 'j|20251014|10:30'],
  ['process-8-first.json', 'j|251014|10:30'],
  ['process-8.json', 'j|251014|10:30'],
] as const)
  test(`beats feed the metrics of a Sidekiq that is there (${file})`, async () => {
    await register(file)
    let now = T0 - 60_000
    await eventually(async () => {
      const reply = await store.heartbeat(beatOf(ANN, { now: ++now }))
      assert.equal(reply.countsClasses, true)
    })
    const histogram = new Array<number>(26).fill(0).with(0, 1)
    const executions = [{ name: 'A', processed: 1, failed: 0, elapsedMs: 5, histogram }]
    await store.heartbeat(beatOf(ANN, { executions }))
    await eventually(async () => assert.equal((await server.command('HGET', key, 'A|p')).trim(), '1'))
  })

test('without a Sidekiq that tells that it keeps metrics nobody is asked to count by class', async () => {
  await server.command('SADD', 'processes', 'six:1:aabbccddeeff')
  await server.command('HSET', 'six:1:aabbccddeeff', 'info', '{"hostname":"six"}')
  await register('process-7-first.json')
  for (let i = 0; i < 5; i++)
    assert.equal((await store.heartbeat(beatOf(ANN, { now: T0 + i * 61_000 }))).countsClasses, false)
  assert.equal((await server.command('KEYS', 'j|*')).trim(), '')
})

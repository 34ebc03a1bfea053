import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { histogramStep, RUN_TIME_LIMITS_MS } from '../../src/store/executions.ts'
import { markDeploy } from '../../src/store/redis/deploy-mark.ts'
import type { Ground } from '../../src/store/redis/ground.ts'
import { Keys } from '../../src/store/redis/keys.ts'
import { writeMetrics } from '../../src/store/redis/metrics.ts'
import { settingsOf } from '../../src/store/redis/options.ts'
import { RedisClient } from '../../src/store/redis/redis-client.ts'
import { newestSidekiq } from '../../src/store/redis/sidekiq-release.ts'
import { runtime } from '../system/redis-fixture.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'

const NOW = Date.UTC(2026, 10, 4, 3, 7, 41)
const histogram: number[] = Array.from({ length: 26 }, (_, step) => (step === 0 ? 2 : step === 25 ? 1 : 0))
const executions = [{ name: 'OkJob', processed: 4, failed: 1, elapsedMs: 400_010, histogram }]

let server: RedisServer
let ground: Ground
before(async () => {
  server = await startRedisServer()
  const settings = settingsOf({ url: server.url })
  ground = { client: await RedisClient.open(runtime, settings, []), keys: new Keys(''), limits: settings }
})
beforeEach(() => server.command('FLUSHDB'))
after(async () => {
  ground.client.close()
  await server.stop()
})

const keys = async () => ((await ground.client.command(['KEYS', '*'])) as string[]).toSorted()
const hash = async (key: string) => {
  const flat = (await ground.client.command(['HGETALL', key])) as string[]
  return Object.fromEntries(flat.flatMap((each, i) => (i % 2 ? [] : [[each, flat[i + 1]]])))
}
const lives = async (key: string, seconds: number) => {
  const left = Number(await server.command('TTL', key))
  assert.ok(left > seconds - 10 && left <= seconds, `${key} lives ${left} s`)
}
const register = async (identity: string, info: string) => {
  await ground.client.command(['SADD', 'processes', identity])
  await ground.client.command(['HSET', identity, 'info', info])
}

const COUNTS = { 'OkJob|p': '4', 'OkJob|f': '1', 'OkJob|ms': '400010' }

test('for Sidekiq 7, a minute has one hash and a histogram for each class', async () => {
  await writeMetrics(ground, 7, { now: NOW, executions })
  assert.deepEqual(await keys(), ['OkJob-04-03:7', 'j|20261104|3:7'])
  assert.deepEqual(await hash('j|20261104|3:7'), COUNTS)
  await lives('j|20261104|3:7', 28_800)
  await lives('OkJob-04-03:7', 28_800)
})

test('for Sidekiq 8, ten minutes have a hash besides, that lives longer', async () => {
  await writeMetrics(ground, 8, { now: NOW, executions })
  assert.deepEqual(await keys(), ['h|OkJob-4-3:7', 'j|261104|3:0', 'j|261104|3:07'])
  assert.deepEqual(await hash('j|261104|3:07'), COUNTS)
  assert.deepEqual(await hash('j|261104|3:0'), COUNTS)
  await lives('j|261104|3:07', 28_800)
  await lives('j|261104|3:0', 259_200)
  await lives('h|OkJob-4-3:7', 28_800)
})

test('a histogram adds up, and a full step stays full', async () => {
  const steps = histogram.with(25, 65_530)
  for (let i = 0; i < 2; i++)
    await writeMetrics(ground, 8, { now: NOW, executions: [{ ...executions[0]!, histogram: steps }] })
  const read = ['BITFIELD_RO', 'h|OkJob-4-3:7', 'GET', 'u16', '#0', 'GET', 'u16', '#1', 'GET', 'u16', '#25']
  assert.deepEqual(await ground.client.command(read), [4, 0, 65_535])
})

test('a run is counted in the first step whose limit is greater', () => {
  assert.equal(RUN_TIME_LIMITS_MS.length, 25)
  assert.deepEqual([0, 19, 20, 334_999, 335_000].map(histogramStep), [0, 0, 1, 24, 25])
})

test('nothing run writes nothing', async () => {
  await writeMetrics(ground, 8, { now: NOW, executions: [] })
  assert.deepEqual(await keys(), [])
})

test('the newest Sidekiq is told by its processes, not by ours nor by those that tell no version', async () => {
  assert.equal(await newestSidekiq(ground), null)
  await register('old:1:aaaaaaaaaaaa', '{"hostname":"old"}')
  await register('bad:1:aaaaaaaaaaab', 'no JSON')
  await register('ours:1:aaaaaaaaaaac', '{"version":"99.0.0"}')
  await ground.client.command(['HSET', 'capstan:workers', 'ours:1:aaaaaaaaaaac', '{}'])
  assert.equal(await newestSidekiq(ground), null)
  await register('seven:1:aaaaaaaaaaad', '{"version":"7.3.10"}')
  assert.equal(await newestSidekiq(ground), 7)
  await register('eight:1:aaaaaaaaaaae', '{"version":"8.1.7"}')
  assert.equal(await newestSidekiq(ground), 8)
})

test('a deploy that many hosts tell of is one mark, at its minute, for ninety days', async () => {
  assert.equal(await markDeploy(ground, 'abc Fix', NOW), true)
  assert.equal(await markDeploy(ground, 'abc Fix', NOW + 30_000), false)
  assert.deepEqual(await hash('20261104-marks'), { '2026-11-04T03:07:00Z': 'abc Fix' })
  await lives('20261104-marks', 7_776_000)
  await lives('deploylock-abc Fix', 60)
})

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

// Payloads as other writers may have made them: spaces, keys in any order, floats and integers that JavaScript
// would rewrite, escapes that need not be. What we do not change must stay, byte for byte.

const ARGS = '[ 99.0, 1.50e+10, 9007199254740993, -0.0, "\\u00fc\\/", {"b":1 ,"a":[ ]} ]'
const UNKNOWN = '"own": {"x":1.0, "y" : 12345678901234567890}'
const odd = (jid: string, name: string, more = '') =>
  `{ "jid":"${jid}", ${UNKNOWN} ,"args" : ${ARGS} , "class":"${name}"${more} }`

describe('bytes of others', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
  })
  after(() => redis?.close())
  beforeEach(() => redis.server.command('FLUSHDB'))

  const push = (payload: string) =>
    redis.ruby.run(
      'Sidekiq.redis { |r| r.sadd("queues", "node"); r.lpush("queue:node", args[0]) }; nil',
      payload,
    )

  test('a job that is handed back at a stop has not changed, and stands in front', async () => {
    const waits = odd('j1', 'NodeWaits')
    await push(waits)
    const worker = await redis.worker('node', ['--timeout', '100ms', '--concurrency', '1'])
    await redis.recorded('node', 'j1', { began: true })
    await push(odd('j2', 'NodeReceives'))
    await worker.end('SIGTERM')
    assert.deepEqual(await redis.lines('LRANGE', 'queue:node', '0', '-1'), [odd('j2', 'NodeReceives'), waits])
  })

  test('a job that is handed back by the death of its worker keeps all but the mark of it', async () => {
    await push(odd('k1', 'NodeWaits'))
    const worker = await redis.worker('node')
    await redis.recorded('node', 'k1', { began: true })
    await worker.end('SIGKILL')
    await redis.capstan('recover')
    const [after = ''] = await redis.lines('LRANGE', 'queue:node', '0', '-1')
    for (const part of [ARGS, UNKNOWN]) assert.ok(after.includes(part), after)
    const jid = await redis.ruby.run('Sidekiq::Queue.new("node").first.jid')
    assert.equal(jid, 'k1')
  })

  test('a retry keeps all values that it does not set, and Ruby reads it', async () => {
    await push(odd('r1', 'NodeFails', ', "queue":"elsewhere"'))
    const worker = await redis.worker('node')
    const { value, item } = await redis.seenByRuby('retry', 'r1')
    for (const part of [ARGS, UNKNOWN]) assert.ok(value.includes(part), value)
    assert.deepEqual([item.queue, item.retry_count, item.error_class], ['node', 0, 'NoLuck'])
    await worker.end('SIGTERM')
  })

  test('a second retry changes the fields of the failure only', async () => {
    await push(odd('r2', 'NodeFails'))
    const worker = await redis.worker('node')
    await redis.makeRetryDue('r2')
    const { value } = await redis.seenWithCount('retry', 'r2', 1)
    for (const part of [ARGS, UNKNOWN]) assert.ok(value.includes(part), value)
    assert.equal(value.match(/"retry_count"/g)?.length, 1)
    await worker.end('SIGTERM')
  })

  test('a job that nobody here knows waits in the schedule, one that nobody can read is buried, as they came', async () => {
    const unknown = odd('d1', 'Nobody', ', "queue":"node"')
    await push(unknown)
    await push('[1, 2]')
    const worker = await redis.worker('node')
    const set = (key: string) => redis.lines('ZRANGE', key, '0', '-1')
    await eventually('neither waits', async () => (await redis.lines('LLEN', 'queue:node'))[0] === '0')
    await eventually('one is put off', async () => (await set('schedule')).length === 1)
    await eventually('one is buried', async () => (await set('dead')).length === 1)
    assert.deepEqual([await set('schedule'), await set('dead')], [[unknown], ['[1, 2]']])
    await worker.end('SIGTERM')
  })

  for (const [key, value] of [
    ['bid', '"Zu1aBcDeFgHiJk"'],
    ['unique_for', '600'],
    ['encrypt', 'true'],
  ] as const) {
    test(`a job with "${key}" is not run but kept whole in the dead set, with the reason`, async () => {
      const payload = odd('c1', 'NodeReceives', `, "${key}":${value}`)
      await push(payload)
      await push(odd('c2', 'NodeReceives'))
      const worker = await redis.worker('node')
      await redis.recorded('node', 'c2')
      assert.equal((await redis.seenByRuby('dead', 'c1')).value, payload)
      const { jobs } = await redis.admin.find({ ids: ['c1'] })
      assert.match(jobs[0]?.reason ?? '', new RegExp(`"${key}"`))
      assert.equal((await redis.records('node')).filter(({ jid }) => jid === 'c1').length, 0)
      await worker.end('SIGTERM')
      // Ruby's page of dead jobs shows it, and its button gives it back to Ruby, whole.
      const page = await redis.ruby.page('/morgue')
      assert.equal(page.status, 200)
      assert.ok(page.body.includes('NodeReceives'))
      await redis.ruby.run('set_named("dead").find_job("c1").retry; nil')
      assert.deepEqual(
        await redis.ruby.run(`Sidekiq::Queue.new("default").first["${key}"]`),
        JSON.parse(value),
      )
    })
  }
})

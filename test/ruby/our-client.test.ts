import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { UsageError } from '../../src/index.ts'
import { rubyReceives } from './fixtures/worker/jobs/jobs.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

describe('what our client enqueues, Sidekiq runs', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
    await redis.sidekiq({ queues: ['ruby', 'other'] })
  })
  after(() => redis?.close())

  const received = async (jid: string | null) => {
    const { args, types } = await redis.recorded('ruby', jid)
    return [args, types]
  }

  // The value, and the Ruby class of it (of each element, for arrays and hashes).
  const VALUES: ReadonlyArray<readonly [what: string, value: unknown, types: unknown]> = [
    ['a string', 'text', 'String'],
    ['an empty string', '', 'String'],
    ['Unicode, past the basic plane too', 'añ☂ 🦀 \u{10FFFF}', 'String'],
    ['controls and line separators', 'a\u0000\n\t\u2028\u2029"\\/', 'String'],
    ['a whole number', 1, 'Integer'],
    ['a fraction', 0.1, 'Float'],
    ['a negative number', -42, 'Integer'],
    ['a tiny number', 1e-7, 'Float'],
    ['a huge number', 1e21, 'Float'],
    ['the largest safe integer', 2 ** 53 - 1, 'Integer'],
    ['null', null, 'NilClass'],
    ['true and false', [true, false], ['TrueClass', 'FalseClass']],
    [
      'nested values',
      { a: [1, { b: null }], c: {}, constructor: 'x' },
      { a: ['Integer', { b: 'NilClass' }], c: {}, constructor: 'String' },
    ],
  ]
  for (const [what, value, types] of VALUES) {
    test(`enqueue with ${what}`, async () => {
      const jid = await rubyReceives.enqueue(value, 'end')
      assert.deepEqual(await received(jid), [
        [value, 'end'],
        [types, 'String'],
      ])
    })
  }

  test('enqueue without arguments', async () => {
    assert.deepEqual(await received(await rubyReceives.enqueue()), [[], []])
  })

  test('the deepest arguments that our client takes, Ruby can read; one level more is refused at once', async () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    await assert.rejects(rubyReceives.enqueue(nested(99)), UsageError)
    const jid = await rubyReceives.enqueue(nested(98))
    assert.deepEqual((await redis.recorded('ruby', jid)).args, [nested(98)])
  })

  test('a whole number past 2^53 arrives as the integer that JavaScript writes; a BigInt is refused', async () => {
    assert.deepEqual(await received(await rubyReceives.enqueue(2 ** 60)), [[2 ** 60], ['Integer']])
    await assert.rejects(rubyReceives.enqueue(2n ** 60n), UsageError)
  })

  test('in: Ruby finds it in its schedule, and its poller moves it', async () => {
    const jid = await rubyReceives.in('1s').enqueue('later')
    assert.deepEqual(await received(jid), [['later'], ['String']])
  })

  test('at: of far ahead it stays, with its moment and without enqueued_at', async () => {
    const at = Date.now() + 3_600_000
    const jid = await rubyReceives.at(at).enqueue('far')
    const { item, score, args } = await redis.seenByRuby('schedule', jid)
    assert.equal(score, at / 1000)
    assert.deepEqual(args, ['far'])
    assert.equal('enqueued_at' in item || 'at' in item, false)
  })

  test('at: a moment that has passed means now', async () => {
    assert.deepEqual(await received(await rubyReceives.at(1_000).enqueue('now')), [['now'], ['String']])
  })

  test('enqueueMany: each row once', async () => {
    const rows = Array.from({ length: 1_500 }, (_, n): [string, number] => ['many', n])
    assert.equal(await rubyReceives.enqueueMany(rows), 1_500)
    const numbers = await eventually('all rows run', async () => {
      const lines = (await redis.records('ruby')).filter(({ args }) => (args as unknown[])[0] === 'many')
      return lines.length >= rows.length && lines.map(({ args }) => (args as unknown[])[1])
    })
    assert.deepEqual(new Set(numbers), new Set(rows.map(([, n]) => n)))
    assert.equal(numbers.length, rows.length)
  })

  test('with({ queue }) brings it to another queue', async () => {
    assert.deepEqual(await received(await rubyReceives.with({ queue: 'other' }).enqueue(1)), [
      [1],
      ['Integer'],
    ])
  })

  test('a waiting job is as Ruby writes one: its queue, its times in seconds, its 24 digits', async () => {
    const before = Date.now() / 1000
    const jid = await rubyReceives.with({ queue: 'nobody' }).enqueue('ü', 1)
    const job = await redis.ruby.run<Record<string, unknown>>(
      'job = Sidekiq::Queue.new("nobody").find_job(args[0]); {"jid" => job.jid, "class" => job.klass, "args" => job.args, ' +
        '"queue" => job.queue, "created" => job.created_at.to_f, "enqueued" => job.enqueued_at.to_f, "latency" => job.latency, ' +
        '"retry" => job["retry"], "canonical" => JSON.generate(JSON.parse(job.value)) == job.value}',
      jid,
    )
    assert.match(jid ?? '', /^[0-9a-f]{24}$/)
    assert.deepEqual([job.jid, job.class, job.args, job.queue], [jid, 'RubyReceives', ['ü', 1], 'nobody'])
    assert.deepEqual([job.retry, job.canonical], [true, true])
    for (const time of [job.created, job.enqueued])
      assert.ok(Math.abs((time as number) - before) < 10, `${time} is about now`)
    assert.ok((job.latency as number) < 10)
  })

  test('Ruby can delete a waiting job by its bytes', async () => {
    const jid = await rubyReceives.with({ queue: 'deleted' }).enqueue(0.5, 'ünï', { a: [null] })
    assert.equal(await redis.ruby.run('Sidekiq::Queue.new("deleted").find_job(args[0]).delete', jid), true)
    assert.equal(await redis.ruby.run('Sidekiq::Queue.new("deleted").size'), 0)
  })
})

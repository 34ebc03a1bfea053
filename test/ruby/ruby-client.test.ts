import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

describe('what a Ruby client pushes, our worker runs', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
    await redis.worker('node,other')
  })
  after(() => redis?.close())

  const push = (code: string, ...args: unknown[]) => redis.ruby.run<string>(code, ...args)
  const received = async (jid: string) => (await redis.recorded('node', jid)).args

  // As Ruby writes them, and as they are to arrive.
  const VALUES: ReadonlyArray<readonly [what: string, ruby: string, arrives: unknown]> = [
    ['a string', '"text"', 'text'],
    ['an empty string', '""', ''],
    ['Unicode, past the basic plane too', '"añ☂ 🦀 \\u{10FFFF}"', 'añ☂ 🦀 \u{10FFFF}'],
    ['controls and line separators', '"a\\u0000\\n\\t\\u2028\\u2029\\"\\\\"', 'a\u0000\n\t\u2028\u2029"\\'],
    ['a float that is whole', '1.0', 1],
    ['a small float', '0.1', 0.1],
    ['a float with an exponent', '1.0e-07', 1e-7],
    ['a negative number', '-42', -42],
    ['the largest safe integer', '2**53 - 1', 2 ** 53 - 1],
    ['an integer past 2^53', '2**53 + 1', '9007199254740993n'],
    ['an integer of 64 bits', '-(2**63) + 1', '-9223372036854775807n'],
    ['nil', 'nil', null],
    ['true and false', '[true, false]', [true, false]],
    ['nested values', '{"a" => [1, {"b" => nil}], "c" => {}}', { a: [1, { b: null }], c: {} }],
    ['a symbol key, which JSON makes text', '{a: 1}', { a: 1 }],
    ['ninety levels', '90.times.inject(1) { |inner, _| [inner] }', deep(90)],
  ]
  for (const [what, ruby, arrives] of VALUES) {
    test(`perform_async with ${what}`, async () => {
      const jid = await push(`NodeReceives.perform_async(${ruby}, "end")`)
      assert.deepEqual(await received(jid), [arrives, 'end'])
    })
  }

  test('perform_async without arguments', async () => {
    assert.deepEqual(await received(await push('NodeReceives.perform_async')), [])
  })

  test('an argument of a megabyte', async () => {
    const jid = await push('NodeReceives.perform_async("x" * 1_000_000)')
    assert.equal(String((await received(jid)) as unknown[]).length, 1_000_000)
  })

  test('perform_in waits in the schedule until our poller moves it, and runs once', async () => {
    const jid = await push('NodeReceives.perform_in(0.5, "later")')
    assert.deepEqual(await received(jid), ['later'])
    assert.equal((await redis.records('node')).filter((line) => line.jid === jid).length, 1)
    assert.deepEqual(await redis.lines('ZCARD', 'schedule'), ['0'])
  })

  test('perform_at', async () => {
    const jid = await push('NodeReceives.perform_at(Time.now + 0.3, "at")')
    assert.deepEqual(await received(jid), ['at'])
  })

  test('perform_in of far ahead stays where it is', async () => {
    const jid = await push('NodeReceives.perform_in(3600, "far")')
    const job = await redis.seenByRuby('schedule', jid)
    assert.deepEqual(job.item.args, ['far'])
    await push('NodeReceives.perform_async("after")').then(received)
    await redis.seenByRuby('schedule', jid)
  })

  test('push_bulk: all run, each with the jid that Ruby was told', async () => {
    const rows = Array.from({ length: 250 }, (_, n) => [n, `row ${n}`])
    const jids = await redis.ruby.run<string[]>(
      'Sidekiq::Client.push_bulk("class" => NodeReceives, "args" => args[0])',
      rows,
    )
    await Promise.all(jids.map(async (jid, n) => assert.deepEqual(await received(jid), rows[n])))
  })

  test('perform_bulk', async () => {
    const jids = await redis.ruby.run<string[]>('NodeReceives.perform_bulk([[1], [2], [3]])')
    assert.deepEqual(await Promise.all(jids.map(received)), [[1], [2], [3]])
  })

  test('push_bulk with moments to come', async () => {
    const code =
      'Sidekiq::Client.push_bulk("class" => NodeReceives, "args" => [[1], [2]], "at" => [Time.now.to_f + 0.2, Time.now.to_f + 0.4])'
    assert.deepEqual(await Promise.all((await redis.ruby.run<string[]>(code)).map(received)), [[1], [2]])
  })

  test('set(queue:) brings it to another queue, which the job is told', async () => {
    const line = await redis.recorded('node', await push('NodeReceives.set(queue: "other").perform_async(1)'))
    assert.deepEqual([line.queue, line.attempt], ['other', 1])
  })

  test('set(retry:, tags:) and keys of its own stay with the job, and do not hinder it', async () => {
    const jid = await push(
      'NodeReceives.set(retry: 3, tags: ["a", "ü"], own: {"x" => 1.0}).perform_async("set")',
    )
    assert.deepEqual(await received(jid), ['set'])
  })

  test('Client.push with a class of which Ruby knows the name only', async () => {
    const jid = await push(
      'Sidekiq::Client.push("class" => "NodeReceives", "queue" => "node", "args" => ["name"])',
    )
    assert.deepEqual(await received(jid), ['name'])
  })

  test('a class that nobody here knows waits in the schedule, whole, and Ruby finds it there', async () => {
    const jid = await push(
      'Sidekiq::Client.push("class" => "Nobody::Knows", "queue" => "node", "args" => [1.0])',
    )
    const { value, item } = await redis.seenByRuby('schedule', jid)
    assert.match(value, /"args":\[1\.0\]/)
    assert.deepEqual([item.queue, 'error_class' in item, 'retry_count' in item], ['node', false, false])
  })
})

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)]
}

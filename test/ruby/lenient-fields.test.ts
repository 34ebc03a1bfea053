import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const FAILS_OFTEN = 99

describe('fields of a kind that nobody promised mean here what they mean in Ruby', {
  skip: WITHOUT_RUBY,
}, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
    await Promise.all([redis.worker('node'), redis.sidekiq({ queues: ['ruby'] })])
  })
  after(() => redis?.close())

  const push = (name: string, queue: string, fields: object) =>
    redis.ruby.run<string>(
      'Sidekiq::Client.push({"class" => args[0], "queue" => args[1], "args" => [args[2]]}.merge(args[3]))',
      name,
      queue,
      FAILS_OFTEN,
      fields,
    )

  for (const [fields, set, lines] of [
    [{ retry: '5' }, 'retry', undefined],
    [{ retry: 1.5 }, 'retry', undefined],
    [{ retry: -1 }, 'dead', undefined],
    [{ retry: 0, dead: 'no' }, 'dead', undefined],
    [{ backtrace: '2' }, 'retry', 2],
    [{ backtrace: 'all' }, 'retry', 0],
    [{ tags: ['a', 7] }, 'retry', undefined],
  ] as const) {
    test(`${JSON.stringify(fields)}: to the ${set} set after the first failure`, async () => {
      const jids = await Promise.all([
        push('RubyFails', 'ruby', fields),
        push('NodeFails', 'node', { backtrace: null, ...fields }),
      ])
      for (const jid of jids) {
        const { item, backtrace } = await redis.seenByRuby(set, jid)
        assert.equal(item.retry_count, 0)
        assert.equal(backtrace?.length, lines)
      }
    })
  }
})

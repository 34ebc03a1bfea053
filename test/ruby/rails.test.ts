import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { WorkerProcess } from '../system/worker-process.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

// What Rails' adapter for Sidekiq pushes, as it pushes it: a wrapper class, and one object as its argument.

const ADAPTER = 'ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper'
const PUSH = `
  job = {"job_class" => args[0], "job_id" => SecureRandom.uuid, "provider_job_id" => nil, "queue_name" => "node",
         "priority" => nil, "arguments" => args[1], "executions" => 0, "exception_executions" => {},
         "locale" => "en", "timezone" => "UTC", "enqueued_at" => Time.now.utc.iso8601}
  Sidekiq::Client.push("class" => args[2], "wrapped" => args[0], "queue" => "node", "args" => [job])
`

describe('jobs that Rails has wrapped', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let worker: WorkerProcess
  before(async () => {
    redis = await SharedRedis.start()
    worker = await redis.worker('node')
  })
  after(() => redis?.close())

  const push = (args: unknown[], name = 'RailsGreets', wrapper = ADAPTER) =>
    redis.ruby.run<string>(`require "time"; ${PUSH}`, name, args, wrapper)
  const reason = async (jid: string) => (await redis.admin.find({ ids: [jid] })).jobs[0]?.reason ?? ''

  for (const wrapper of [ADAPTER, 'Sidekiq::ActiveJob::Wrapper']) {
    test(`${wrapper}: the job of the wrapped name runs, with its own arguments`, async () => {
      const line = await redis.recorded(
        'node',
        await push(['Ada', 3, null, [1.5, true]], 'RailsGreets', wrapper),
      )
      assert.deepEqual([line.job, line.args], ['RailsGreets', ['Ada', 3, null, [1.5, true]]])
    })
  }

  test('keyword arguments and hashes come as plain objects', async () => {
    const hash = {
      name: 'Ada',
      inner: { a: 1, _aj_symbol_keys: ['a'] },
      _aj_ruby2_keywords: ['name', 'inner'],
    }
    const line = await redis.recorded('node', await push([hash]))
    assert.deepEqual(line.args, [{ name: 'Ada', inner: { a: 1 } }])
  })

  test('it is retried in its wrapper, and Ruby shows it by its own name', async () => {
    const jid = await push(['fail'])
    const { item, args, class: shown } = await redis.seenByRuby('retry', jid)
    assert.deepEqual([item.class, item.wrapped, item.error_class], [ADAPTER, 'RailsGreets', 'NoLuck'])
    assert.deepEqual([shown, args], ['RailsGreets', ['fail']])
    await redis.makeRetryDue(jid)
    assert.equal((await redis.recorded('node', jid)).attempt, 2)
  })

  for (const [what, value, words] of [
    [
      'a record',
      { _aj_globalid: 'gid://shop/User/7' },
      /arguments\[1\] is a record \(GlobalID\), "gid:\/\/shop\/User\/7"/,
    ],
    [
      'a symbol',
      { _aj_serialized: 'ActiveJob::Serializers::SymbolSerializer', value: 'a' },
      /arguments\[1\] is a serialized/,
    ],
    ['a record deep inside', { list: [{ _aj_globalid: 'gid://shop/User/8' }] }, /arguments\[1\]\.list\[0\]/],
  ] as const) {
    test(`${what} is refused with a reason, its bytes kept whole`, async () => {
      const jid = await push(['x', value])
      const { item } = await redis.seenByRuby('dead', jid)
      assert.deepEqual((item.args as Array<{ arguments: unknown }>)[0]?.arguments, ['x', value])
      assert.equal('error_class' in item, false)
      assert.match(await reason(jid), words)
    })
  }

  test('a wrapped job of an unknown name goes back, and the worker says its name', async () => {
    const jid = await push([], 'Users::Welcome')
    await redis.seenByRuby('schedule', jid)
    await eventually('the worker warns of it', async () =>
      worker.lines.some(({ msg }) => String(msg).startsWith('no job is called "Users::Welcome"')),
    )
  })
})

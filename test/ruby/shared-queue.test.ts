import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { WithUnknownJobs } from '../../src/job/unknown-jobs.ts'
import type { WorkerProcess } from '../system/worker-process.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const APP = join(import.meta.dirname, 'fixtures/shared-app.rb')
const EACH = 200

/** A number, a float that is whole and a key that nobody knows: what a careless hand would change. */
const PUSH = `
  args[0].times do |n|
    Sidekiq::Client.push("class" => "RubyShared", "queue" => "shared", "args" => [n, 1.0, 1e-7], "own" => {"x" => 2.0})
    Sidekiq::Client.push("class" => "NodeReceives", "queue" => "shared", "args" => [n, 2**53 + 1])
  end
  nil
`
const NOTHING_WAITS =
  's = Sidekiq::Stats.new; [s.enqueued, s.scheduled_size, s.retry_size, s.dead_size, s.workers_size].all?(&:zero?)'

/** Each move to a queue writes this key anew, as it does with every scheduled job. */
const withoutMoment = (text: string) => text.replace(/,"enqueued_at":[\d.]+/, '')

describe('a queue on which each side has jobs that the other does not know', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let worker: WorkerProcess
  let pushed: string[]
  before(async () => {
    redis = await SharedRedis.start()
    await redis.ruby.run(PUSH, EACH)
    pushed = await redis.lines('LRANGE', 'queue:shared', '0', '-1')
    worker = await redis.worker('shared')
    await redis.sidekiq({ queues: ['shared'], app: APP })
    // A Sidekiq holds a job in its hands between the schedule and the queue, where no size shows it.
    const done = async () => (await doneByRuby()).length + (await doneByUs()).length
    await eventually('every job leaves its line', async () => (await done()) >= 2 * EACH)
    await eventually('nothing waits', () => redis.ruby.run(NOTHING_WAITS))
  })
  after(() => redis?.close())

  const doneByRuby = async () => (await redis.records('ruby')).filter(({ job }) => job === 'RubyShared')
  const doneByUs = () => redis.records('node')

  const textsOf = (name: string) =>
    new Map(
      pushed
        .filter((text) => text.includes(`"class":"${name}"`))
        .map((text) => [JSON.parse(text).jid as string, text]),
    )

  test('every job is done, once, by the side that knows it', async () => {
    const ruby = await doneByRuby()
    const node = await doneByUs()
    const sorted = (jids: Iterable<unknown>) => [...jids].toSorted()
    assert.deepEqual(sorted(ruby.map(({ jid }) => jid)), sorted(textsOf('RubyShared').keys()))
    assert.deepEqual(sorted(node.map(({ jid }) => jid)), sorted(textsOf('NodeReceives').keys()))
    assert.equal(ruby.length + node.length, 2 * EACH)
  })

  test('no retry is spent and none fails', async () => {
    assert.equal(await redis.ruby.run('Sidekiq::Stats.new.failed'), 0)
    assert.ok((await redis.records('node')).every(({ attempt }) => attempt === 1))
  })

  test('what we gave back reaches Ruby as it was pushed, byte for byte but for the moment', async () => {
    const before = textsOf('RubyShared')
    for (const { jid, text } of await redis.records('ruby')) {
      const original = before.get(jid as string)
      if (original !== undefined && text !== undefined)
        assert.equal(withoutMoment(text as string), withoutMoment(original))
    }
  })

  test('our worker warns of the class once, and its beats name it to all', async () => {
    const warnings = worker.lines.filter(({ msg }) => String(msg).includes('no job is called "RubyShared"'))
    assert.equal(warnings.length, 1)
    const unknown = await eventually('a beat tells', async () => {
      const [record] = await redis.connection.store.workers()
      return (record?.info as WithUnknownJobs | undefined)?.unknownJobs
    })
    assert.deepEqual(
      unknown.map(({ class: name, queue }) => [name, queue]),
      [['RubyShared', 'shared']],
    )
  })
})

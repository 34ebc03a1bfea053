import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import { nodeFails, nodeReceives, rubyReceives } from './fixtures/worker/jobs/jobs.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

/** So far ahead that no poller takes it. */
const FAR = '50d'

/** The world at a moment of our choice. */
const runtimeAt = (now: number) => ({
  ...systemRuntime(silentLogger),
  clock: { ...systemClock, now: () => now },
})

describe('the sets of one side in the hands of the other', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
  })
  after(() => redis?.close())
  beforeEach(() => redis.server.command('FLUSHDB'))

  const ruby = <Value>(code: string, ...args: unknown[]) => redis.ruby.run<Value>(code, ...args)
  const waiting = (queue: string) =>
    ruby<Array<Record<string, unknown>>>('Sidekiq::Queue.new(args[0]).map(&:item)', queue)
  const view = async (jid: string) => {
    const { jobs } = await redis.admin.find({ ids: [jid] })
    assert.equal(jobs.length, 1, `${jid} is in one place`)
    return jobs[0]!
  }

  describe('Ruby handles our scheduled jobs', () => {
    test('add_to_queue: to its queue, with a moment of enqueueing', async () => {
      const jid = await nodeReceives.in(FAR).enqueue('x', 0.5)
      await ruby('set_named("schedule").find_job(args[0]).add_to_queue; nil', jid)
      const [item] = await waiting('node')
      assert.deepEqual([item?.jid, item?.args, typeof item?.enqueued_at], [jid, ['x', 0.5], 'number'])
      assert.equal(await ruby('set_named("schedule").size'), 0)
    })

    test('reschedule moves it: one entry, at the new moment; bytes that Ruby would not write would make it two', async () => {
      const moments = [1_795_492_274_768, 1_795_492_274_760, 1_795_492_274_700, 1_795_492_274_000]
      const args = ['ü', 0.5, 1e-7, 0.00001, 1e21, '1e-7', null]
      for (const now of moments) {
        const client = new Client(runtimeAt(now), redis.connection.store)
        await client.enqueue(nodeReceives.definition, args, { at: now + 1_000_000_000_000 })
      }
      await ruby('set_named("schedule").to_a.each { |job| job.reschedule(4_000_000_000.25) }; nil')
      assert.deepEqual(
        await ruby('set_named("schedule").map(&:score)'),
        moments.map(() => 4_000_000_000.25),
      )
    })

    test('delete', async () => {
      const jid = await nodeReceives.in(FAR).enqueue('x')
      await ruby('set_named("schedule").find_job(args[0]).delete; nil', jid)
      assert.equal(await ruby('set_named("schedule").size'), 0)
    })

    test('kill: it is in our dead set', async () => {
      const jid = await nodeReceives.in(FAR).enqueue('x')
      await ruby('set_named("schedule").find_job(args[0]).kill; nil', jid)
      assert.equal((await view(jid!)).place, 'dead')
    })

    test('its poller promotes them, in its own process', async () => {
      const jid = await rubyReceives.in('200ms').enqueue('promoted', 1)
      const sidekiq = await redis.sidekiq({ queues: ['ruby'] })
      const line = await redis.recorded('ruby', jid)
      assert.deepEqual(line.args, ['promoted', 1])
      await sidekiq.end('SIGTERM')
    })
  })

  describe('we handle jobs that Ruby scheduled', () => {
    test('retry now: to its queue, all but enqueued_at as Ruby wrote it', async () => {
      const jid = await ruby<string>(
        'NodeReceives.perform_in(86_400 * 50, 1.0, 2**60, "ü", {"a" => 1.0e-07})',
      )
      const { value } = await redis.seenByRuby('schedule', jid)
      assert.equal(await redis.admin.retry(await view(jid)), 'done')
      const [after = ''] = await redis.lines('LRANGE', 'queue:node', '0', '-1')
      assert.equal(after.replace(/,"enqueued_at":[\d.]+}$/, '}'), value)
      assert.match(value, /"args":\[1\.0,1152921504606846976,"ü",\{"a":1\.0e-07\}\]/)
    })

    test('kill: Ruby finds it in its dead set, every byte as it was', async () => {
      const jid = await ruby<string>('NodeReceives.perform_in(86_400 * 50, 1.0)')
      const { value } = await redis.seenByRuby('schedule', jid)
      assert.equal(await redis.admin.kill(await view(jid)), 'done')
      assert.equal((await redis.seenByRuby('dead', jid)).value, value)
    })

    test('delete', async () => {
      const jid = await ruby<string>('NodeReceives.perform_in(86_400 * 50, 1.0)')
      assert.equal(await redis.admin.delete(await view(jid)), 'done')
      assert.equal(await ruby('set_named("schedule").size'), 0)
    })

    test('our poller promotes them, also with keys and bytes that are not ours', async () => {
      const odd =
        '{ "class" : "RubyReceives", "args" : [1.0, 1e3], "jid":"odd1" , "queue":"nobody", "own":{"x":1.50} }'
      await ruby('Sidekiq.redis { |r| r.zadd("schedule", 1.25, args[0]) }; nil', odd)
      const worker = await redis.worker('node')
      const [moved = ''] = await eventually('the entry moves', async () => {
        const found = await redis.lines('LRANGE', 'queue:nobody', '0', '-1')
        return found.length > 0 && found
      })
      for (const part of ['[1.0, 1e3]', '{"x":1.50}', '"class" : "RubyReceives"'])
        assert.ok(moved.includes(part), moved)
      assert.match(moved, /,"enqueued_at":\d+\.\d+}$/)
      await worker.end('SIGTERM')
    })

    test('what Ruby could not even read is kept whole in the dead set, and Ruby lives with it', async () => {
      await ruby('Sidekiq.redis { |r| r.zadd("schedule", 1.25, "{broken") }; nil')
      const worker = await redis.worker('node')
      await eventually('it is buried', () => ruby('Sidekiq::DeadSet.new.size == 1'))
      assert.equal(await ruby('Sidekiq::DeadSet.new.first.value'), '{broken')
      await worker.end('SIGTERM')
    })
  })

  describe('dead sets', () => {
    const buried = async () => {
      const jid = await nodeFails.with({ queue: 'node' }).enqueue(99)
      const worker = await redis.worker('node')
      await redis.seenByRuby('retry', jid)
      await worker.end('SIGTERM')
      return jid!
    }

    test('Ruby retries what died with us: one failure less, and back in its queue', async () => {
      const jid = await buried()
      await ruby('set_named("retry").find_job(args[0]).kill; nil', jid)
      assert.equal((await view(jid)).error?.class, 'NoLuck')
      await ruby('set_named("dead").find_job(args[0]).retry; nil', jid)
      const [item] = await waiting('node')
      assert.deepEqual([item?.jid, item?.retry_count, item?.error_class], [jid, -1, 'NoLuck'])
    })

    test('what Ruby took back to -1 runs with us, and its next failure counts 0 again', async () => {
      const jid = await buried()
      await ruby('set_named("retry").find_job(args[0]).retry; nil', jid)
      const worker = await redis.worker('node')
      await redis.seenWithCount('retry', jid, 0)
      await worker.end('SIGTERM')
    })

    test('we retry what died in Ruby, and Ruby runs it', async () => {
      const jid = await rubyReceives.enqueue('revived', 1)
      await ruby(
        'job = Sidekiq::Queue.new("ruby").find_job(args[0]); Sidekiq::DeadSet.new.kill(job.value); job.delete; nil',
        jid,
      )
      assert.equal(await redis.admin.retry(await view(jid!)), 'done')
      const sidekiq = await redis.sidekiq({ queues: ['ruby'] })
      assert.deepEqual((await redis.recorded('ruby', jid)).args, ['revived', 1])
      await sidekiq.end('SIGTERM')
    })

    test('clear: Ruby empties what we buried, and we what Ruby buried', async () => {
      await buried()
      await ruby('set_named("retry").kill_all; nil')
      assert.equal(await ruby('Sidekiq::DeadSet.new.size'), 1)
      await ruby('Sidekiq::DeadSet.new.clear; nil')
      assert.equal((await redis.connection.store.stats(Date.now(), 1)).dead, 0)
      await ruby('Sidekiq::DeadSet.new.kill(JSON.generate("class" => "A", "args" => [], "jid" => "j")); nil')
      assert.equal(await redis.admin.clear('dead'), 1)
      assert.equal(await ruby('Sidekiq::DeadSet.new.size'), 0)
    })
  })
})

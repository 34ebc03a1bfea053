import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { rubyFails } from './fixtures/worker/jobs/jobs.ts'
import { type SeenJob, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

// A job of both sides fails on one and ends on the other: both queues are asked by both, one side at a time.

const RUBY_ERROR = { error_class: 'ArgumentError', error_message: 'Ruby has no luck ☂' }
const NODE_ERROR = { error_class: 'NoLuck', error_message: 'Node has no luck ☂' }

describe('retries on a shared Redis', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
    await Promise.all([
      redis.worker('node'),
      // It fails and writes its retries, but looks for due ones so seldom that the tests decide who takes them.
      redis.sidekiq({ queues: ['ruby'] }, { RUBY_POLL_SECONDS: '3600' }),
    ])
  })
  after(() => redis?.close())
  beforeEach(() => redis.server.command('DEL', 'retry', 'dead'))

  const push = (code: string, ...args: unknown[]) => redis.ruby.run<string>(code, ...args)
  const seconds = (value: unknown) => {
    assert.ok(typeof value === 'number' && Math.abs(value - Date.now() / 1000) < 60, `${value} is about now`)
    return value
  }
  const picked = ({ item }: SeenJob, keys: object) =>
    Object.fromEntries(Object.keys(keys).map((key) => [key, item[key]]))

  describe('begun by us', () => {
    test('Ruby reads error, count and time of the first failure', async () => {
      const jid = await push('NodeFails.set(retry: 5).perform_async(99)')
      const job = await redis.seenByRuby('retry', jid)
      assert.deepEqual(picked(job, NODE_ERROR), NODE_ERROR)
      assert.deepEqual([job.item.retry_count, job.queue, job.class, job.args], [0, 'node', 'NodeFails', [99]])
      const failedAt = seconds(job.item.failed_at)
      assert.ok(job.score > failedAt + 3_600 - 1 && job.score < failedAt + 4_000, 'an hour and its spread')
      assert.equal('retried_at' in job.item, false)
    })

    test('at the second failure the count is 1, and retried_at is there beside failed_at', async () => {
      const jid = await push('NodeFails.perform_async(1000)')
      const first = await redis.seenByRuby('retry', jid)
      const second = await again(jid, 1)
      assert.equal(second.item.failed_at, first.item.failed_at)
      assert.ok(seconds(second.item.retried_at) >= seconds(first.item.failed_at))
    })

    test('Ruby unpacks the backtrace', async () => {
      const jid = await push('NodeFails.set(backtrace: true).perform_async(99)')
      const { backtrace } = await redis.seenByRuby('retry', jid)
      assert.match(backtrace?.[0] ?? '', /jobs\.ts:\d+/)
      assert.ok(backtrace!.length > 1)
    })

    test('backtrace: 1 keeps one line, none keeps none', async () => {
      const one = await push('NodeFails.set(backtrace: 1).perform_async(99)')
      const none = await push('NodeFails.perform_async(99)')
      assert.equal((await redis.seenByRuby('retry', one)).backtrace?.length, 1)
      assert.equal((await redis.seenByRuby('retry', none)).backtrace, null)
    })

    test('Ruby ends it: the job goes to its queue with its count, and runs there', async () => {
      const jid = await push('NodeFails.set(retry_queue: "ruby").perform_async(99)')
      const failed = await redis.seenByRuby('retry', jid)
      assert.equal(failed.item.queue, 'ruby')
      // Ruby's own class of that name has nothing to run: it fails there, and counts on.
      const job = await again(jid, 1)
      assert.match(String(job.item.error_class), /NoMethodError|NotImplementedError/)
      assert.equal(job.item.failed_at, failed.item.failed_at)
      seconds(job.item.retried_at)
    })
  })

  describe('begun by Ruby', () => {
    test('our poller brings it back, and Ruby ends it', async () => {
      const jid = await rubyFails.enqueue(1)
      await redis.makeRetryDue(jid)
      assert.equal((await redis.recorded('ruby', jid)).run, 2)
    })

    test('we read error, count, times and the backtrace', async () => {
      const jid = await rubyFails.enqueue(99)
      await redis.makeRetryDue(jid)
      await redis.seenWithCount('retry', jid, 1)
      const { jobs } = await redis.admin.find({ ids: [jid!] })
      const { place, retryCount, error, failedAt, retriedAt, at } = jobs[0]!
      assert.deepEqual([place, retryCount, jobs.length], ['retry', 1, 1])
      assert.deepEqual([error?.class, error?.message], Object.values(RUBY_ERROR))
      assert.match(error?.backtrace?.[0] ?? '', /app\.rb:\d+/)
      for (const time of [failedAt, retriedAt, at]) seconds(time! / 1000)
      assert.ok(failedAt! < retriedAt! && retriedAt! < at!)
    })

    test('it fails again with us: the count goes on, failed_at stays, the error is ours', async () => {
      const jid = await push('RubyFails.set(retry_queue: "node").perform_async(99)')
      const first = await redis.seenWithCount('retry', jid, 0)
      assert.deepEqual([first.item.error_class, first.item.queue], ['ArgumentError', 'node'])
      const { item } = await again(jid, 1)
      assert.deepEqual([item.error_message, item.failed_at], ['this is a job of Ruby', first.item.failed_at])
      assert.ok(seconds(item.retried_at) >= (item.failed_at as number))
    })

    test('a job that both know, failed in Ruby, ends with us as its second attempt', async () => {
      await withBoth(async () => {
        const jid = await push(
          'Sidekiq::Client.push("class" => "BothRun", "queue" => "ruby", "retry_queue" => "both", "args" => [7, 1])',
        )
        await redis.makeRetryDue(jid)
        const line = await redis.recorded('node', jid)
        assert.deepEqual([line.number, line.failed], [7, false])
      })
    })

    test('a job that both know, failed with us, ends in Ruby', async () => {
      await withBoth(async () => {
        const jid = await push(
          'Sidekiq::Client.push("class" => "BothRun", "queue" => "both", "retry_queue" => "ruby", "args" => [8, 1])',
        )
        await redis.recorded('node', jid, { failed: true })
        await redis.server.command('SET', `runs:${jid}`, '1')
        await redis.makeRetryDue(jid)
        assert.equal((await redis.recorded('ruby', jid)).number, 8)
      })
    })
  })

  describe('how often', () => {
    test('retry: 0 goes to the dead set at the first failure', async () => {
      const jid = await push('NodeFails.set(retry: 0).perform_async(99)')
      const { item } = await redis.seenByRuby('dead', jid)
      assert.deepEqual([item.retry, item.retry_count, item.error_class], [0, 0, 'NoLuck'])
    })

    test('retry: false leaves nothing behind', async () => {
      const gone = await push('NodeFails.set(retry: false).perform_async(99)')
      const after = await push('NodeFails.set(retry: 0).perform_async(99)')
      await redis.seenByRuby('dead', after)
      assert.deepEqual(await redis.ruby.run('[seen("dead", args[0]), seen("retry", args[0])]', gone), [
        null,
        null,
      ])
    })

    test('retry: 2 is three runs, then the dead set', async () => {
      const jid = await push('NodeFails.set(retry: 2).perform_async(99)')
      await redis.makeRetryDue(jid)
      await redis.makeRetryDue(jid, 1)
      const { item } = await redis.seenByRuby('dead', jid)
      assert.deepEqual([item.retry_count, item.error_class], [2, 'NoLuck'])
    })

    test('retry: 1 of ours that Ruby has used up is dead after our failure', async () => {
      await withBoth(async () => {
        const jid = await push(
          'Sidekiq::Client.push("class" => "BothRun", "queue" => "ruby", "retry_queue" => "both", "retry" => 1, "args" => [9, 99])',
        )
        await redis.makeRetryDue(jid)
        const { item } = await redis.seenByRuby('dead', jid)
        assert.deepEqual([item.retry_count, item.error_class], [1, 'NoLuck'])
      })
    })

    test('dead: false is dropped when its retries are used up', async () => {
      const gone = await push('NodeFails.set(retry: 0, dead: false).perform_async(99)')
      const after = await push('NodeFails.set(retry: 0).perform_async(99)')
      await redis.seenByRuby('dead', after)
      assert.equal(await redis.ruby.run('seen("dead", args[0])', gone), null)
    })

    test('max: a job without a word about retries has the default of both', async () => {
      const jid = await push(
        'Sidekiq::Client.push("class" => "NodeFails", "queue" => "node", "args" => [99])',
      )
      const { item } = await redis.seenByRuby('retry', jid)
      assert.equal(item.retry, true)
    })
  })

  const seenWithCount = (jid: string | null, count: number) => redis.seenWithCount('retry', jid, count)

  /** Makes its retry due and waits for the failure with this count. */
  async function again(jid: string | null, count: number): Promise<SeenJob> {
    await redis.makeRetryDue(jid, count - 1)
    return seenWithCount(jid, count)
  }

  /** Lets a worker of ours ask the queue of the jobs that both sides know, for a while. */
  async function withBoth(body: () => Promise<void>): Promise<void> {
    const worker = await redis.worker('both')
    await body()
    await worker.end('SIGTERM')
  }
})

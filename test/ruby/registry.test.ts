import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import type { WorkerView } from '../../src/admin/index.ts'
import type { WorkerProcess } from '../system/worker-process.ts'
import { nodeFails, nodeReceives, nodeWaits, rubyWaits } from './fixtures/worker/jobs/jobs.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'
import type { SidekiqProcess } from './sidekiq-process.ts'

/** Both sides beat as often as this; a busy machine may be late. */
const BEAT_MS = 5_000
const MARGIN_MS = 5_000

type Fields = Readonly<Record<string, unknown>>

describe('each side sees the other', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let worker: WorkerProcess
  let sidekiq: SidekiqProcess
  let nodeJid: string | null
  let rubyJid: string | null
  before(async () => {
    redis = await SharedRedis.start()
    ;[worker, sidekiq] = await Promise.all([redis.worker('node,other'), redis.sidekiq({ queues: ['ruby'] })])
    nodeJid = await nodeWaits.enqueue('registry')
    rubyJid = await rubyWaits.enqueue('registry')
    await redis.recorded('node', nodeJid, { began: true })
    await redis.connection.client.enqueue(nodeReceives.definition, ['late'], { queue: 'nobody' })
    // One beat of each, so that both have said what they run.
    await eventually('Ruby counts two busy ones', () => redis.ruby.run('Sidekiq::Workers.new.size == 2'))
  })
  after(() => redis?.close())

  const ruby = <Value>(code: string, ...args: unknown[]) => redis.ruby.run<Value>(code, ...args)
  const ours = () => ruby<Fields>('process_of(args[0]).instance_variable_get(:@attribs)', worker.child.pid)
  const theirs = async (): Promise<WorkerView> => {
    const found = (await redis.admin.workers()).find(({ pid }) => pid === sidekiq.pid)
    assert.ok(found)
    return found
  }

  describe('Ruby sees our worker', () => {
    test('with every field of a process', async () => {
      const { identity, started_at, beat, rss, ...fields } = await ours()
      assert.match(String(identity), new RegExp(`^${hostname()}:${worker.child.pid}:[0-9a-f]{12}$`))
      for (const time of [started_at, beat])
        assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 120, `${time} is about now`)
      assert.ok(Number(rss) > 10_000)
      const { hostname: host, pid, tag, concurrency, queues, labels, busy, quiet } = fields
      assert.deepEqual(
        { host, pid, tag, concurrency, queues, labels, busy, quiet },
        {
          ...{ host: hostname(), pid: worker.child.pid, tag: 'node-app', concurrency: 10 },
          ...{ queues: ['node', 'other'], labels: ['blue'], busy: 1, quiet: 'false' },
        },
      )
    })

    test('beating: its moment moves on', async () => {
      const { beat } = await ours()
      await eventually('another beat', async () => Number((await ours()).beat) > Number(beat))
    })

    test('in ProcessSet: two processes, their threads and memory summed', async () => {
      const [size, threads, memory] = await ruby<number[]>(
        's = Sidekiq::ProcessSet.new; [s.size, s.total_concurrency, s.total_rss]',
      )
      assert.deepEqual([size, threads], [2, 15])
      assert.ok(memory! > 20_000)
    })

    test('in Workers: what it runs, with queue, start and payload', async () => {
      const [work, ...more] = await ruby<Fields[]>('work_of(args[0])', (await ours()).identity)
      assert.equal(more.length, 0)
      const { queue, payload, run_at } = work as { queue: string; payload: Fields; run_at: number }
      assert.deepEqual([queue, payload.jid, payload.args], ['node', nodeJid, ['registry']])
      assert.ok(Number.isInteger(run_at) && Math.abs(run_at - Date.now() / 1000) < 120)
    })

    test('in Stats: queues, sizes, busy', async () => {
      const stats = await ruby<Fields>(
        's = Sidekiq::Stats.new; {"q" => s.queues, "e" => s.enqueued, "w" => s.workers_size, "p" => s.processes_size}',
      )
      assert.deepEqual(stats.e, 1)
      assert.deepEqual(stats.q, { node: 0, ruby: 0, nobody: 1 })
      assert.deepEqual([stats.w, stats.p], [2, 2])
    })

    test('the latency of a queue of ours', async () => {
      const latency = await ruby<number>('Sidekiq::Queue.new("nobody").latency')
      assert.ok(latency > 0 && latency < 120, String(latency))
      assert.equal(await ruby('Sidekiq::Queue.new("node").latency'), 0)
    })
  })

  describe('we see Sidekiq', () => {
    test('as a worker, with what it tells of itself', async () => {
      const { hostname: host, state, concurrency, queues, rssKib, startedAt, beatAt } = await theirs()
      assert.deepEqual([host, state, concurrency, queues], [hostname(), 'working', 5, ['ruby']])
      assert.ok(rssKib > 10_000)
      for (const time of [startedAt, beatAt]) assert.ok(Math.abs(time - Date.now()) < 120_000, String(time))
    })

    test('what it runs', async () => {
      const [job] = (await theirs()).running
      assert.deepEqual(
        [job?.jid, job?.class, job?.queue, job?.args],
        [rubyJid, 'RubyWaits', 'ruby', ['registry']],
      )
    })

    test('capstan workers shows both', async () => {
      const shown = await redis.capstan('workers')
      assert.match(shown, new RegExp(`:${sidekiq.pid}:`))
      assert.match(shown, new RegExp(`:${worker.child.pid}:`))
    })

    test('both are counted as workers', async () => {
      assert.equal((await redis.admin.stats(1)).workers, 2)
    })

    test('capstan recover leaves a living Sidekiq and its job alone', async () => {
      await redis.capstan('recover')
      assert.equal((await theirs()).running.length, 1)
      assert.equal(await ruby('Sidekiq::Queue.new("ruby").size'), 0)
    })
  })

  describe('orders', () => {
    test('Ruby quiets ours: it says so at its next beat and takes no more', async () => {
      const toldAt = performance.now()
      await ruby('process_of(args[0]).quiet!; nil', worker.child.pid)
      await worker.said('worker quiet')
      assert.ok(performance.now() - toldAt < BEAT_MS + MARGIN_MS, 'at its next beat')
      await eventually('Ruby sees it quiet', () => ruby('process_of(args[0]).stopping?', worker.child.pid))
      const jid = await nodeReceives.enqueue('after quiet')
      await redis.openGate('registry')
      await redis.recorded('node', nodeJid, { ended: true })
      assert.equal(await ruby('Sidekiq::Queue.new("node").size'), 1)
      assert.equal(worker.child.exitCode, null)
      const next = await redis.worker('node')
      await redis.recorded('node', jid)
      await next.end('SIGTERM')
    })

    test('Ruby stops ours: it ends with 0 and is gone from the register', async () => {
      await ruby('process_of(args[0]).stop!; nil', worker.child.pid)
      assert.deepEqual(await worker.exited, { code: 0, signal: null })
      assert.equal(await ruby('process_of(args[0])', worker.child.pid), null)
    })

    test('a signal that nobody knows does nothing', async () => {
      const other = await redis.worker('node')
      await ruby('process_of(args[0]).send(:signal, "USR2"); nil', other.child.pid)
      const { beat } = await ruby<Fields>(
        'process_of(args[0]).instance_variable_get(:@attribs)',
        other.child.pid,
      )
      await eventually('it beats on', async () => {
        const left = await ruby<Fields>(
          'process_of(args[0]).instance_variable_get(:@attribs)',
          other.child.pid,
        )
        return Number(left.beat) > Number(beat)
      })
      await other.end('SIGTERM')
    })

    test('capstan quiet makes Sidekiq quiet', async () => {
      const { identity } = await theirs()
      assert.match(await redis.capstan('quiet', identity), /is told to take no more jobs/)
      await eventually('it is quiet', async () => (await theirs()).state === 'quiet')
      assert.equal(sidekiq.hasEnded, false)
    })

    test('capstan stop ends Sidekiq, and it is gone from our list', async () => {
      await redis.capstan('stop', (await theirs()).identity)
      assert.deepEqual(await sidekiq.exited, { code: 0, signal: null })
      assert.equal((await redis.admin.workers()).length, 0)
    })
  })

  describe('the dead', () => {
    test('Ruby strikes a worker of ours off whose lease is over; it shows itself again with its next beat', async () => {
      const other = await redis.worker('node')
      const { identity } = (await redis.admin.workers()).find(({ pid }) => pid === other.child.pid)!
      await redis.server.command('DEL', identity)
      assert.equal(await ruby('Sidekiq::ProcessSet.new.size'), 0)
      await eventually('it is back', () => ruby('!process_of(args[0]).nil?', other.child.pid))
      await other.end('SIGTERM')
    })

    test('we strike a Sidekiq off that has died', async () => {
      const killed = await redis.sidekiq({ queues: ['ruby'] })
      await killed.end('SIGKILL')
      const [dead] = await redis.admin.workers()
      assert.equal(dead?.pid, killed.pid)
      await redis.server.command('DEL', dead!.identity)
      assert.equal((await redis.admin.workers()).length, 0)
      assert.deepEqual(await redis.lines('SMEMBERS', 'processes'), [])
    })

    test('nonsense in the register hides nobody', async () => {
      await redis.server.command('SADD', 'processes', 'odd:1:x', 'odd:2:x')
      await redis.server.command('HSET', 'odd:1:x', 'info', '{"queues":"q","labels":7}')
      await redis.server.command('HSET', 'odd:2:x', 'info', 'no JSON')
      const found = await redis.admin.workers()
      assert.deepEqual(
        found.map(({ identity }) => identity),
        ['odd:1:x'],
      )
      await redis.server.command('DEL', 'processes', 'odd:1:x', 'odd:2:x')
    })
  })

  test('counters: what both sides ran is summed, in all and for the day', async () => {
    await redis.server.command('FLUSHDB')
    const [ruby1, node1] = await Promise.all([redis.sidekiq({ queues: ['ruby'] }), redis.worker('node')])
    const jids = await Promise.all([
      ...Array.from({ length: 7 }, () => nodeReceives.enqueue(1)),
      ...Array.from({ length: 2 }, () => nodeFails.enqueue(9)),
    ])
    await ruby('3.times { RubyReceives.perform_async(1) }; 2.times { RubyFails.perform_async(9) }; nil')
    await Promise.all(jids.slice(0, 7).map((jid) => redis.recorded('node', jid)))
    await eventually('all failures are written down', () => ruby('Sidekiq::RetrySet.new.size == 4'))
    // What is being counted at this moment, both bring home when they leave; Ruby's retries may run once more.
    await node1.end('SIGTERM')
    await ruby1.end('SIGTERM')
    const extra = await ruby<number>('Sidekiq::RetrySet.new.sum { |job| job["retry_count"] }')
    const expected = [14 + extra, 4 + extra]
    assert.deepEqual(await ruby('s = Sidekiq::Stats.new; [s.processed, s.failed]'), expected)
    const history = 'h = Sidekiq::Stats::History.new(2); [h.processed.values.sum, h.failed.values.sum]'
    assert.deepEqual(await ruby(history), expected)
    const { processed, failed, days } = await redis.admin.stats(2)
    assert.deepEqual([processed, failed], expected)
    assert.deepEqual([sum(days.map((day) => day.processed)), sum(days.map((day) => day.failed))], expected)
  })
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

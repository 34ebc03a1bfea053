import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { WorkerProcess } from '../system/worker-process.ts'
import { nodeReceives, nodeWaits } from './fixtures/worker/jobs/jobs.ts'
import { eventually, type SeenJob, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

// Sidekiq's own web interface, called as Rack calls it, with a session and the token of each form.

type SetName = 'retry' | 'schedule' | 'dead'
const PAGES: Readonly<Record<SetName, string>> = {
  retry: '/retries',
  schedule: '/scheduled',
  dead: '/morgue',
}
const FAR = '50d'
const ERROR = 'Node has no luck ☂'

describe("Sidekiq's own web interface", { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let worker: WorkerProcess
  let runningJid: string | null
  before(async () => {
    redis = await SharedRedis.start()
    worker = await redis.worker('node')
    runningJid = await nodeWaits.enqueue('web')
    await redis.recorded('node', runningJid, { began: true })
    await eventually('its beat tells what it runs', () => redis.ruby.run('Sidekiq::Workers.new.size == 1'))
  })
  after(() => redis?.close())
  beforeEach(() => redis.server.command('DEL', 'retry', 'schedule', 'dead', 'queue:nobody'))

  const ruby = <Value>(code: string, ...args: unknown[]) => redis.ruby.run<Value>(code, ...args)

  /** Opens a page; it must be there and show all of this. */
  async function shows(path: string, ...parts: Array<string | null>): Promise<string> {
    const { status, body } = await redis.ruby.page(path)
    assert.equal(status, 200, `${path}: ${body.slice(0, 500)}`)
    for (const part of parts)
      assert.ok(body.includes(part!), `${path} shows ${part}:\n${body.replace(/\s+/g, ' ')}`)
    return body
  }

  async function press(page: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const { status, body } = await redis.ruby.press(page, path, fields)
    assert.equal(status, 302, `${path}: ${body.slice(0, 500)}`)
  }

  /** A job that has failed with us, in one of the sets. */
  async function inSet(set: SetName): Promise<{ jid: string; key: string; job: SeenJob }> {
    let jid: string | null
    if (set === 'schedule') jid = await nodeReceives.in(FAR).enqueue('in set', 0.5)
    else {
      jid = await ruby<string>(
        'NodeFails.set(backtrace: true, tags: ["urgent"], retry: args[0]).perform_async(99)',
        set === 'dead' ? 0 : 5,
      )
    }
    const job = await redis.seenByRuby(set, jid)
    return { jid: jid!, key: `${job.score}-${jid}`, job }
  }

  const keyIn = async (page: string, jid: string) => {
    const [, key] = new RegExp(`(\\d+\\.?\\d*-${jid})`).exec(await shows(page, jid)) ?? []
    assert.ok(key, `${page} has a key for ${jid}`)
    return key
  }

  describe('pages', () => {
    test('the dashboard', async () => {
      await shows('/', 'Dashboard', 'Processed')
    })

    test('busy: our process with its tag, label and queue, and the job that it runs', async () => {
      const body = await shows('/busy', `:${worker.child.pid}`, 'node-app', 'blue', 'NodeWaits', runningJid)
      assert.match(body, /Queues: <\/b>\s+node/)
      assert.match(body, /&quot;web&quot;/)
    })

    test('queues: name, size and age', async () => {
      await nodeReceives.with({ queue: 'nobody' }).enqueue('waits')
      await shows('/queues', 'nobody', 'node')
    })

    test('a queue: its jobs, and their arguments', async () => {
      await nodeReceives.with({ queue: 'nobody' }).enqueue('waits', { ü: 1 })
      await shows('/queues/nobody', 'NodeReceives', '&quot;waits&quot;')
    })

    for (const set of ['retry', 'schedule', 'dead'] as const) {
      test(`${PAGES[set]}: our job, and its page with all details`, async () => {
        const { jid } = await inSet(set)
        const key = await keyIn(PAGES[set], jid)
        const details =
          set === 'schedule'
            ? ['NodeReceives', jid, '&quot;in set&quot;, 0.5']
            : ['NodeFails', jid, 'NoLuck', ERROR, 'urgent', 'jobs.ts:']
        await shows(`${PAGES[set]}/${key}`, ...details)
      })
    }

    test('the detail page of a job that failed twice', async () => {
      const { jid } = await inSet('retry')
      await redis.makeRetryDue(jid)
      await redis.seenWithCount('retry', jid, 1)
      await shows(`/retries/${await keyIn('/retries', jid)}`, 'Retry Count', 'Last Retry')
    })

    test('the detail page of a dead job that nobody could run', async () => {
      const jid = await ruby<string>(
        'Sidekiq::Client.push("class" => "NodeReceives", "queue" => "node", "args" => [1], "bid" => "b1")',
      )
      await redis.seenByRuby('dead', jid)
      await shows(`/morgue/${await keyIn('/morgue', jid)}`, 'NodeReceives', jid)
    })

    test('pages live with a dead payload that is no JSON', async () => {
      await ruby('Sidekiq.redis { |r| r.lpush("queue:node", "{broken") }; nil')
      await eventually('it is buried', () => ruby('Sidekiq::DeadSet.new.size == 1'))
      await shows('/morgue', 'Dead Jobs')
    })

    test('/stats: our numbers', async () => {
      await inSet('retry')
      await inSet('schedule')
      await inSet('dead')
      await nodeReceives.with({ queue: 'nobody' }).enqueue(1)
      const { sidekiq } = JSON.parse(await shows('/stats')) as { sidekiq: Record<string, number> }
      const { retries, scheduled, dead, enqueued, busy, processes } = sidekiq
      assert.deepEqual(
        { retries, scheduled, dead, enqueued, busy, processes },
        { retries: 1, scheduled: 1, dead: 1, enqueued: 1, busy: 1, processes: 1 },
      )
    })

    test('/stats/queues: sizes by name', async () => {
      await nodeReceives.with({ queue: 'nobody' }).enqueue(1)
      assert.deepEqual(JSON.parse(await shows('/stats/queues')), { node: 0, nobody: 1 })
    })
  })

  describe('buttons', () => {
    test('without the token of the form nothing happens', async () => {
      const { jid, key } = await inSet('retry')
      const { status } = await ruby<{ status: number }>(
        '$browser.press("/retries", "/retries", {"key" => [args[0]], "delete" => "1"}, token: "x")',
        key,
      )
      assert.equal(status, 403)
      await redis.seenByRuby('retry', jid)
    })

    test('retries, retry: it runs with us again, and fails for the first time again', async () => {
      const { jid, job } = await inSet('retry')
      await press('/retries', '/retries', { key: [await keyIn('/retries', jid)], retry: '1' })
      await eventually('it fails again', async () => {
        const after = await ruby<SeenJob | null>('seen("retry", args[0])', jid)
        return after !== null && after.score !== job.score && after.item.retry_count === 0
      })
    })

    test('a retry, kill: from its own page to the dead set', async () => {
      const { jid } = await inSet('retry')
      const path = `/retries/${await keyIn('/retries', jid)}`
      await press(path, path, { kill: '1' })
      assert.equal((await redis.seenByRuby('dead', jid)).item.error_message, ERROR)
    })

    test('retries, delete', async () => {
      const { jid } = await inSet('retry')
      await press('/retries', '/retries', { key: [await keyIn('/retries', jid)], delete: '1' })
      assert.equal(await ruby('Sidekiq::RetrySet.new.size'), 0)
    })

    test('retry all', async () => {
      const { jid } = await inSet('retry')
      await press('/retries', '/retries/all/retry', {})
      assert.equal((await redis.seenWithCount('retry', jid, 0)).item.error_message, ERROR)
    })

    test('kill all', async () => {
      const { jid } = await inSet('retry')
      await press('/retries', '/retries/all/kill', {})
      await redis.seenByRuby('dead', jid)
    })

    test('delete all', async () => {
      await inSet('retry')
      await press('/retries', '/retries/all/delete', {})
      assert.equal(await ruby('Sidekiq::RetrySet.new.size'), 0)
    })

    test('scheduled, add to queue: it runs with us', async () => {
      const { jid } = await inSet('schedule')
      await press('/scheduled', '/scheduled', { key: [await keyIn('/scheduled', jid)], add_to_queue: '1' })
      assert.deepEqual((await redis.recorded('node', jid)).args, ['in set', 0.5])
    })

    test('scheduled, delete', async () => {
      const { jid } = await inSet('schedule')
      await press('/scheduled', '/scheduled', { key: [await keyIn('/scheduled', jid)], delete: '1' })
      assert.equal(await ruby('Sidekiq::ScheduledSet.new.size'), 0)
    })

    test('dead, retry: it runs with us again', async () => {
      const { jid } = await inSet('dead')
      await press('/morgue', '/morgue', { key: [await keyIn('/morgue', jid)], retry: '1' })
      const { item } = await redis.seenByRuby('dead', jid)
      assert.equal(item.retry_count, 0)
    })

    test('dead, delete; and delete all', async () => {
      const { jid } = await inSet('dead')
      await press('/morgue', '/morgue', { key: [await keyIn('/morgue', jid)], delete: '1' })
      assert.equal(await ruby('Sidekiq::DeadSet.new.size'), 0)
      await inSet('dead')
      await press('/morgue', '/morgue/all/delete', {})
      assert.equal(await ruby('Sidekiq::DeadSet.new.size'), 0)
    })

    test('a queue: one job deleted by its bytes, then all cleared', async () => {
      const first = await nodeReceives.with({ queue: 'nobody' }).enqueue('ü', 0.5)
      await nodeReceives.with({ queue: 'nobody' }).enqueue('second')
      const bytes = await ruby<string>('Sidekiq::Queue.new("nobody").find_job(args[0]).value', first)
      await press('/queues/nobody', '/queues/nobody/delete', { key_val: bytes })
      assert.equal(await ruby('Sidekiq::Queue.new("nobody").first["args"][0]'), 'second')
      await press('/queues/nobody', '/queues/nobody', { delete: '1' })
      assert.equal(await ruby('Sidekiq::Queue.new("nobody").size'), 0)
    })

    test('busy, quiet and stop: our process obeys', async () => {
      const other = await redis.worker('node')
      const identity = await ruby<string>('process_of(args[0]).identity', other.child.pid)
      await press('/busy', '/busy', { identity, quiet: '1' })
      await other.said('worker quiet')
      await eventually('the page says so', async () => (await shows('/busy')).includes('>quiet</span>'))
      await press('/busy', '/busy', { identity, stop: '1' })
      assert.deepEqual(await other.exited, { code: 0, signal: null })
    })

    test('busy, quiet all and stop all', async () => {
      await press('/busy', '/busy', { quiet: '1' })
      await worker.said('worker quiet')
      await redis.openGate('web')
      await redis.recorded('node', runningJid, { ended: true })
      await press('/busy', '/busy', { stop: '1' })
      assert.deepEqual(await worker.exited, { code: 0, signal: null })
    })
  })
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, connect } from '../../src/index.ts'
import { nodeReceives, rubyReceives } from './fixtures/worker/jobs/jobs.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const APP = join(import.meta.dirname, 'fixtures/namespaced-app.rb')

describe('beside a Sidekiq whose keys are in a namespace', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  let connection: Connection
  before(async () => {
    redis = await SharedRedis.start()
    await redis.ruby.run('Sidekiq.redis = {url: ENV["REDIS_URL"], namespace: "shop"}; nil')
    redis.environment.NODE_PREFIX = 'shop:'
    const { url } = redis.server
    connection = await connect({ config: { store: { redis: { url, keyPrefix: 'shop:' } } } })
  })
  after(async () => {
    await connection?.close()
    await redis?.close()
  })

  const keys = () => redis.lines('KEYS', '*')

  test('a push of ours makes the very keys that one of Ruby makes', async () => {
    await redis.ruby.run('RubyReceives.perform_async(1); RubyReceives.perform_in(3600, 2); nil')
    const made = (await keys()).toSorted()
    await redis.server.command('FLUSHALL')
    await rubyReceives.enqueue(1)
    await rubyReceives.in('1h').enqueue(2)
    const ours = (await keys()).filter((key) => !key.startsWith('shop:capstan:'))
    assert.deepEqual(ours.toSorted(), made)
    assert.deepEqual(made, ['shop:queue:ruby', 'shop:queues', 'shop:schedule'])
    await redis.server.command('FLUSHALL')
  })

  test('each side runs what the other pushes, and sees the other’s process', async () => {
    const worker = await redis.worker('node')
    const sidekiq = await redis.sidekiq({ queues: ['ruby'], app: APP })
    const [, theirs] = await Promise.all([
      redis.recorded('node', await redis.ruby.run<string>('NodeReceives.perform_async("from Ruby")')),
      redis.recorded('ruby', await rubyReceives.enqueue('from here')),
      redis.recorded('node', await nodeReceives.in('100ms').enqueue('later')),
    ])
    assert.deepEqual(theirs.args, ['from here'])
    const pids = async () => (await redis.ruby.run<number[]>('processes.keys')).toSorted((a, b) => a - b)
    const expected = [worker.child.pid!, sidekiq.pid].toSorted((a, b) => a - b)
    assert.deepEqual(await pids(), expected)
    const seen = (await connection.store.workers()).map(({ info }) => info.pid)
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      expected,
    )
    await redis.ruby.run('processes[args[0]].quiet!; nil', worker.child.pid)
    await worker.said('worker quiet')
  })

  test('no key of either is outside of the namespace', async () => {
    await eventually('the counters are there', async () => (await keys()).includes('shop:stat:processed'))
    assert.deepEqual(
      (await keys()).filter((key) => !key.startsWith('shop:')),
      [],
    )
  })
})

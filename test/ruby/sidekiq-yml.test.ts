import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WorkerProcess } from '../system/worker-process.ts'
import { eventually, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const PROJECT = join(import.meta.dirname, 'fixtures/plain')
const APP = join(import.meta.dirname, 'fixtures/app.rb')

/** What a process tells every other about its set-up. */
interface SetUp {
  readonly concurrency: number
  readonly queues: readonly string[]
}

describe('config/sidekiq.yml, in a project without a capstan.config.ts', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
  })
  after(() => redis?.close())

  const setUpOf = (pid: number) =>
    eventually(`process ${pid} registers`, () =>
      redis.ruby.run<SetUp | null>(
        'x = process_of(args[0]); x && {concurrency: x["concurrency"], queues: x["queues"].uniq.sort}',
        pid,
      ),
    )

  async function ours(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Promise<SetUp> {
    const worker = new WorkerProcess(PROJECT, { ...redis.environment, ...environment }, flags)
    try {
      await worker.said('ready')
      return await setUpOf(worker.child.pid!)
    } finally {
      await worker.end('SIGTERM')
    }
  }

  async function sidekiq(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Promise<SetUp> {
    const child = spawn('sidekiq', ['-r', APP, '-C', join(PROJECT, 'config/sidekiq.yml'), ...flags], {
      env: { ...process.env, ...redis.environment, ...environment },
      stdio: 'ignore',
    })
    const exited = once(child, 'exit')
    try {
      return await setUpOf(child.pid!)
    } finally {
      child.kill('SIGTERM')
      await exited
    }
  }

  for (const [what, environment, flags, expected] of [
    ['the top level', {}, [], { concurrency: 3, queues: ['critical', 'low', 'node'] }],
    ['a section', { RAILS_ENV: 'staging' }, [], { concurrency: 4, queues: ['a', 'b'] }],
    ['the first of the variables', { APP_ENV: 'x', RAILS_ENV: 'staging' }, [], { concurrency: 3 }],
    ['the command line', { RAILS_ENV: 'staging' }, ['-c', '2', '-q', 'q'], { concurrency: 2, queues: ['q'] }],
  ] as const) {
    test(`is read as Sidekiq reads it: ${what}`, async () => {
      const [one, other] = await Promise.all([ours(environment, flags), sidekiq(environment, flags)])
      assert.deepEqual(one, other)
      assert.deepEqual({ ...one, ...expected }, one)
    })
  }

  test('finds Redis through REDIS_PROVIDER', async () => {
    const environment = { REDIS_URL: 'redis://127.0.0.1:1', REDIS_PROVIDER: 'CLOUD', CLOUD: redis.server.url }
    assert.equal((await ours(environment)).concurrency, 3)
    assert.equal((await sidekiq(environment)).concurrency, 3)
  })
})

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect } from '../../src/index.ts'
import { innocent, slow, stubborn } from './fixtures/worker/jobs/jobs.ts'
import { WorkerProcess } from './worker-process.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/worker')
const DEADLINE_MS = 30_000

let directory: string
let diary: string
let connection: Connection
let environment: { DATABASE: string }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-worker-'))
  diary = join(directory, 'diary')
  environment = { DATABASE: join(directory, 'jobs.db') }
  connection = await connect({ config: { store: { sqlite: environment.DATABASE } } })
})

afterEach(async () => {
  await connection.close()
  await rm(directory, { recursive: true })
})

/** Looks until the diary holds a line. */
async function written(line: string): Promise<void> {
  const endsAt = performance.now() + DEADLINE_MS
  for (;;) {
    const text = await readFile(diary, 'utf8').catch(() => '')
    if (text.split('\n').includes(line)) return
    assert.ok(performance.now() < endsAt, `"${line}" was never written; the diary says:\n${text}`)
    await sleep(10)
  }
}

test('TERM lets a running job end, and the process leaves with 0', async () => {
  const worker = new WorkerProcess(FIXTURE, environment)
  await slow.enqueue(diary, 300)
  await written('slow begins')
  assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  await written('slow is told: job.worker_stopping')
  const { enqueued, inFlight, workers } = await connection.store.stats(Date.now(), 1)
  assert.deepEqual({ enqueued, inFlight, workers }, { enqueued: 0, inFlight: 0, workers: 0 })
})

test('a job that outlasts the timeout is handed back untouched', async () => {
  await stubborn.enqueue(diary)
  const [before] = await connection.store.list({ queue: 'default' }, { offset: 0, limit: 1 })
  const worker = new WorkerProcess(FIXTURE, environment, ['--timeout', '200ms'])
  await written('stubborn begins')
  assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  const after = await connection.store.list({ queue: 'default' }, { offset: 0, limit: 2 })
  assert.deepEqual(
    after.map(({ payload }) => payload),
    [before!.payload],
  )
})

test('a second TERM ends the draining at once', async () => {
  const worker = new WorkerProcess(FIXTURE, environment, ['--timeout', '10m'])
  await stubborn.enqueue(diary)
  await written('stubborn begins')
  worker.child.kill('SIGTERM')
  await worker.said('worker draining')
  assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  assert.equal((await connection.store.stats(Date.now(), 1)).enqueued, 1)
})

test('a worker that is ready says which queues it takes, and how many jobs at once', async () => {
  const worker = new WorkerProcess(FIXTURE, environment, ['-q', 'mail', '-q', 'default', '-c', '3'])
  const { queues, concurrency } = await worker.said('ready')
  assert.deepEqual([queues, concurrency], ['mail, default', 3])
  await worker.end('SIGTERM')
})

test('TSTP makes a worker quiet: it claims nothing more and lives on', async () => {
  const worker = new WorkerProcess(FIXTURE, environment)
  await worker.said('ready')
  worker.child.kill('SIGTSTP')
  await worker.said('worker quiet')
  await innocent.enqueue(diary, 1)
  const other = new WorkerProcess(FIXTURE, environment)
  await written('innocent 1')
  const [quiet] = (await connection.store.workers()).filter(({ info }) => info.pid === worker.child.pid)
  assert.equal(quiet?.quiet, true)
  await other.end('SIGTERM')
  await worker.end('SIGTERM')
})

test('TTIN says what runs', async () => {
  const worker = new WorkerProcess(FIXTURE, environment)
  await stubborn.enqueue(diary)
  await written('stubborn begins')
  worker.child.kill('SIGTTIN')
  assert.equal((await worker.said('running')).class, 'Stubborn')
  worker.child.kill('SIGTERM')
  await worker.said('worker draining')
  await worker.end('SIGTERM')
})

test('a worker that is killed with SIGKILL loses nothing: the next one on the host runs its jobs', async () => {
  const worker = new WorkerProcess(FIXTURE, environment)
  await slow.enqueue(diary, 500)
  await written('slow begins')
  await worker.end('SIGKILL')
  const next = new WorkerProcess(FIXTURE, environment)
  assert.equal((await next.said('recovered a dead worker')).jobs, 1)
  await written('slow ends')
  await next.end('SIGTERM')
})

test('a configuration that cannot be ends the command with 2 and a sentence', async () => {
  const worker = new WorkerProcess(FIXTURE, environment, ['--concurrency', 'many'])
  assert.deepEqual(await worker.exited, { code: 2, signal: null })
  const said = worker.lines.map(({ msg }) => msg).join('\n')
  assert.match(said, /^(error: )?--concurrency: expected a whole number of at least 1, got "many"$/m)
})

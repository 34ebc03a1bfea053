import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, setDefaultClient } from '../../src/index.ts'
import { innocent, killer } from './fixtures/worker/jobs/jobs.ts'
import { WorkerProcess } from './worker-process.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/worker')
const INNOCENTS = 4_300
const DEADLINE_MS = 100_000

test('of a job that always ends its process, the third crash is the last, and no neighbour is marked failed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-killer-'))
  const diary = join(directory, 'diary')
  const environment = { DATABASE: join(directory, 'jobs.db') }
  await using connection = await connect({ config: { store: { sqlite: environment.DATABASE } } })
  const { store } = connection
  const rows = Array.from({ length: INNOCENTS }, (_, number): [string, number] => [diary, number])
  await innocent.enqueueMany(rows.slice(0, INNOCENTS / 2))
  await killer.enqueue(diary)
  await innocent.enqueueMany(rows.slice(INNOCENTS / 2))

  let workers = 0
  let worker = new WorkerProcess(FIXTURE, environment)
  const endsAt = performance.now() + DEADLINE_MS
  for (;;) {
    const { enqueued, inFlight, retries } = await store.stats(Date.now(), 1)
    if (enqueued + inFlight + retries === 0) break
    assert.ok(performance.now() < endsAt, `not done in time: ${enqueued} waiting, ${inFlight} in flight`)
    if (worker.child.exitCode !== null || worker.child.signalCode !== null) {
      workers += 1
      worker = new WorkerProcess(FIXTURE, environment)
    }
    await sleep(50)
  }
  assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })

  const lines = (await readFile(diary, 'utf8')).split('\n').filter(Boolean)
  const crashes = lines.filter((line) => line === 'crash').length
  const done = new Set(lines.filter((line) => line.startsWith('innocent')))
  const dead = await store.list({ set: 'dead' }, { offset: 0, limit: 10 })
  const missing = rows.map(([, number]) => number).filter((number) => !done.has(`innocent ${number}`))
  assert.deepEqual(missing, [], JSON.stringify([await store.stats(Date.now(), 1), dead, worker.lines]))
  assert.ok(crashes <= 3, `${crashes} crashes`)
  assert.equal(workers, 1, 'only the first crash took a worker along')
  assert.deepEqual(
    dead.map(({ payload }) => JSON.parse(payload).class),
    ['Killer'],
  )
  assert.match(
    JSON.parse(dead[0]!.payload).error_message,
    /its process died 2 times while it ran alone.*SIGKILL/,
  )
  setDefaultClient(null)
  await rm(directory, { recursive: true })
})

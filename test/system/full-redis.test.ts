import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnqueueError } from '../../src/index.ts'
import { failing, noted } from './fixtures/worker/jobs/noted.ts'
import { eventually } from './redis-fixture.ts'
import { NEEDS_REDIS, Scene } from './scene.ts'

const JOBS = 400
const MEGABYTE = 1024 * 1024
const FULL = { redis: { maxMemoryBytes: 6 * MEGABYTE } }
/** More than a connection takes, which leaves its room behind when it closes. */
const MARGIN = MEGABYTE / 8

/** Until nothing more goes in, as when another program fills the server. */
async function fill({ server }: Scene): Promise<void> {
  for (const [name, sizeBytes] of Object.entries({ large: 64 * 1024, small: 512 })) {
    for (let number = 0; ; number++) {
      const answer = await server.command('SETRANGE', `filler:${name}:${number}`, String(sizeBytes), 'x')
      if (answer.startsWith('OOM')) break
    }
  }
  await server.command('CONFIG', 'SET', 'maxmemory', String(FULL.redis.maxMemoryBytes - MARGIN))
}

test('a worker that starts on a full Redis drains it, and enqueue says that it is full', {
  ...NEEDS_REDIS,
  timeout: 110_000,
}, async (t) => {
  const scene = await Scene.open('redis', FULL)
  t.after(() => scene.close())
  const ids = Array.from({ length: JOBS }, (_, number) => `job-${number}`)
  await noted.enqueueMany(ids.map((id): [string, string, number] => [scene.diary, id, 0]))
  await noted.in('1s').enqueue(scene.diary, 'later', 0)
  await failing.enqueue('it fails')
  await fill(scene)

  const isFull = (error: unknown) => error instanceof EnqueueError && error.code === 'store.full'
  const [asked] = await Promise.all([
    scene.capstan('enqueue', 'Noted', scene.diary, 'too much', '0'),
    assert.rejects(noted.enqueue(scene.diary, 'too much', 0), isFull),
  ])
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /Not stored: .*raise maxmemory, or let the workers drain the queues/)

  const worker = scene.work()
  await eventually(async () => {
    const { enqueued, inFlight, scheduled, retries } = await scene.connection.store.stats(Date.now(), 1)
    assert.deepEqual(
      { enqueued, inFlight, scheduled, retries },
      { enqueued: 0, inFlight: 0, scheduled: 0, retries: 1 },
    )
  })
  const ran = (await scene.lines()).map((line) => line.split(' ')[0]!)
  assert.deepEqual(ran.toSorted(), [...ids, 'later'].toSorted())
  await scene.server.command('CONFIG', 'SET', 'maxmemory', '0')
  await noted.enqueue(scene.diary, 'room again', 0)
  await eventually(async () =>
    assert.ok((await scene.lines()).some((line) => line.startsWith('room again '))),
  )
  assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  const { processed, failed } = await scene.connection.store.stats(Date.now(), 1)
  assert.deepEqual([processed, failed], [JOBS + 3, 1])
})

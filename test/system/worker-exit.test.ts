// With what a worker ends when it did not end well, and what it says of that.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { careless, leaver, stubborn } from './fixtures/worker/jobs/jobs.ts'
import { NEEDS_REDIS, Scene } from './scene.ts'

const DEADLINE = { timeout: 60_000 }
const FAILED = { code: 1, signal: null }

test('a job that calls process.exit(0) does not make it a success', DEADLINE, async (t) => {
  const scene = await Scene.open('sqlite')
  t.after(() => scene.close())
  await leaver.enqueue()
  const worker = scene.work()
  assert.deepEqual(await worker.exited, FAILED)
  const { jobs } = await worker.said('the process exits while jobs run; the next worker recovers them')
  assert.deepEqual(
    (jobs as Array<{ class: string }>).map((job) => job.class),
    ['Leaver'],
  )
})

test(
  'a promise that failed and was not awaited ends the worker, which logs what it was and where',
  DEADLINE,
  async (t) => {
    const scene = await Scene.open('sqlite')
    t.after(() => scene.close())
    await careless.enqueue(scene.diary)
    const worker = scene.work()
    assert.deepEqual(await worker.exited, FAILED)
    const said = await worker.said('an error that nothing caught ends the process')
    assert.deepEqual([said.error, said.errorClass], ['nobody caught this', 'RangeError'])
    assert.match(String(said.at), /fixtures\/worker\/jobs\/jobs\.ts:\d+:\d+/)
  },
)

test('a worker whose store is gone when it stops ends with 1, and does not claim to have handed anything back', {
  ...DEADLINE,
  ...NEEDS_REDIS,
}, async (t) => {
  const scene = await Scene.open('redis')
  t.after(() => scene.close())
  await stubborn.enqueue(scene.diary)
  const worker = scene.work('--timeout', '100ms')
  await scene.written('stubborn begins')
  await scene.server.stop()
  assert.deepEqual(await worker.end('SIGTERM'), FAILED)
  const { jobs } = await worker.said('the drain time is over; the next worker recovers what still runs')
  assert.equal(jobs, 1)
  assert.equal((await worker.said('a job outlasted the drain')).class, 'Stubborn')
})

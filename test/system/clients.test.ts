import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Scene, STORES } from './scene.ts'

const ENQUEUER = join(import.meta.dirname, 'fixtures/enqueuer.ts')
const JOBS_EACH = 1_000

for (const kind of STORES) {
  test(`on ${kind}, two clients and two workers at once: each job runs exactly once`, {
    timeout: 110_000,
  }, async (t) => {
    const scene = await Scene.open(kind)
    t.after(() => scene.close())
    const workers = [scene.work(), scene.work()]
    await Promise.all(workers.map((worker) => worker.said('ready')))
    const clients = ['ann', 'bob'].map((name) => scene.run(ENQUEUER, scene.diary, name, String(JOBS_EACH)))
    for (const { code, stderr } of await Promise.all(clients)) assert.equal(code, 0, stderr)
    await scene.drained()
    for (const worker of workers) assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
    const ran = (await scene.lines()).map((line) => line.split(' ')[0]!)
    const expected = ['ann', 'bob'].flatMap((name) =>
      Array.from({ length: JOBS_EACH }, (_, number) => `${name}-${number}`),
    )
    assert.deepEqual(ran.toSorted(), expected.toSorted())
    const { processed, failed, dead } = await scene.connection.store.stats(Date.now(), 1)
    assert.deepEqual([processed, failed, dead], [2 * JOBS_EACH, 0, 0])
  })
}

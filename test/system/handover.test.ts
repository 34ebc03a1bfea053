import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parting } from './fixtures/worker/jobs/parting.ts'
import { Scene, STORES } from './scene.ts'

for (const store of STORES)
  test(`on ${store}, a job that is handed back begins elsewhere only after its process did the last thing`, async (t) => {
    const scene = await Scene.open(store)
    t.after(() => scene.close())
    const first = scene.work('--timeout', '200ms')
    await parting.enqueue(scene.diary)
    await scene.written(`begins in ${first.child.pid}`)
    const second = scene.work()
    await second.said('ready')
    assert.deepEqual(await first.end('SIGTERM'), { code: 0, signal: null })
    await scene.written(`begins in ${second.child.pid}`)
    assert.deepEqual(await scene.lines(), [
      `begins in ${first.child.pid}`,
      `gone from ${first.child.pid}`,
      `begins in ${second.child.pid}`,
    ])
  })

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkerView } from '../../src/admin/index.ts'
import { noted, notedAside } from './fixtures/worker/jobs/noted.ts'
import { eventually } from './redis-fixture.ts'
import { Scene, STORES } from './scene.ts'
import type { WorkerProcess } from './worker-process.ts'

const DEADLINE = { timeout: 100_000 }
/** Four beats: an order reaches a worker with its next one. */
const OBEYED_MS = 20_000

/** Waits until the diary holds a job's line. */
const ran = (scene: Scene, id: string) =>
  eventually(async () => {
    const lines = await scene.lines()
    assert.ok(
      lines.some((line) => line.startsWith(`${id} `)),
      `${id} has not run; the diary says:\n${lines.join('\n')}`,
    )
  })

async function identityOf({ connection }: Scene, { child }: WorkerProcess): Promise<string> {
  const workers = await connection.store.workers()
  return workers.find(({ info }) => info.pid === child.pid)!.info.identity
}

for (const kind of STORES) {
  test(
    `on ${kind}, a queue that another process pauses while a worker waits is left alone until it is resumed`,
    DEADLINE,
    async (t) => {
      const scene = await Scene.open(kind)
      t.after(() => scene.close())
      scene.work('--queue', 'default', '--queue', 'aside')
      await noted.enqueue(scene.diary, 'before', 0)
      await ran(scene, 'before')
      assert.equal((await scene.capstan('pause', 'default')).code, 0)
      for (const round of ['first', 'second']) {
        await noted.enqueue(scene.diary, `paused ${round}`, 0)
        // The worker is awake meanwhile, and asks.
        await notedAside.enqueue(scene.diary, `aside ${round}`)
        await ran(scene, `aside ${round}`)
      }
      await eventually(async () => {
        const [waiting] = (await scene.connection.store.queues(Date.now())).filter(
          ({ name }) => name === 'default',
        )
        assert.deepEqual([waiting?.size, waiting?.paused], [2, true])
      })
      assert.ok(!(await scene.lines()).some((line) => line.startsWith('paused')))
      assert.equal((await scene.capstan('resume', 'default')).code, 0)
      await ran(scene, 'paused first')
      await ran(scene, 'paused second')
      await noted.enqueue(scene.diary, 'after', 0)
      await ran(scene, 'after')
    },
  )

  test(
    `on ${kind}, capstan quiet and capstan stop reach workers with their next beats`,
    DEADLINE,
    async (t) => {
      const scene = await Scene.open(kind)
      t.after(() => scene.close())
      const [quieted, stopped] = [scene.work(), scene.work()]
      await Promise.all([quieted.said('ready'), stopped.said('ready')])
      const [one, other] = [await identityOf(scene, quieted), await identityOf(scene, stopped)]

      const asked = performance.now()
      const [quiet, stop] = await Promise.all([
        scene.capstan('quiet', one),
        scene.capstan('stop', other, '--json'),
      ])
      assert.equal(quiet.code, 0)
      const told = { order: 'stop', workers: [{ identity: other, told: true }] }
      assert.deepEqual([stop.code, JSON.parse(stop.stdout)], [0, told])
      await Promise.all([quieted.said('worker quiet'), stopped.said('worker draining')])
      assert.ok(performance.now() - asked < OBEYED_MS)
      assert.deepEqual(await stopped.exited, { code: 0, signal: null })

      await noted.enqueue(scene.diary, 'left', 0)
      await eventually(async () => {
        const { stdout } = await scene.capstan('workers', '--json')
        const states = JSON.parse(stdout).workers.map(({ identity, state }: WorkerView) => [identity, state])
        assert.deepEqual(states, [[one, 'quiet']])
      })
      assert.deepEqual(await quieted.end('SIGTERM'), { code: 0, signal: null })
      assert.equal((await scene.connection.store.stats(Date.now(), 1)).enqueued, 1)
      assert.equal((await scene.capstan('stop', '--all')).code, 3)
    },
  )
}

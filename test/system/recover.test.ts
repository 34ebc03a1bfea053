import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportLine } from '../../src/cli/recover.ts'
import { slow } from './fixtures/worker/jobs/jobs.ts'
import { beatOf, eventually } from './redis-fixture.ts'
import { Scene, STORES, type StoreKind } from './scene.ts'
import type { WorkerProcess } from './worker-process.ts'

const DEADLINE = { timeout: 100_000 }

async function open(kind: StoreKind, t: { after(close: () => Promise<void>): void }): Promise<Scene> {
  const scene = await Scene.open(kind)
  t.after(() => scene.close())
  return scene
}

/** The identity of a worker that runs a job. */
async function busy(scene: Scene, worker: WorkerProcess): Promise<string> {
  await slow.enqueue(scene.diary, 3_600_000)
  await scene.written('slow begins')
  return identityOf(scene, worker)
}

async function identityOf({ connection }: Scene, { child }: WorkerProcess): Promise<string> {
  const workers = await connection.store.workers()
  return workers.find(({ info }) => info.pid === child.pid)!.info.identity
}

/** What waits, what runs, and how many workers there are. */
async function state({ connection }: Scene) {
  const { enqueued, inFlight, workers } = await connection.store.stats(Date.now(), 1)
  return { enqueued, inFlight, workers }
}

for (const kind of STORES) {
  test(
    `on ${kind}, recover without a name gives the jobs of this host's dead processes back`,
    DEADLINE,
    async (t) => {
      const scene = await open(kind, t)
      const dying = scene.work()
      const identity = await busy(scene, dying)
      await dying.end('SIGKILL')
      const { code, stdout } = await scene.capstan('recover', '--json', '--cause', 'power cut')
      assert.deepEqual(
        [code, JSON.parse(stdout)],
        [0, { recovered: [{ identity, cause: 'power cut', jobs: 1 }] }],
      )
      assert.deepEqual(await state(scene), { enqueued: 1, inFlight: 0, workers: 0 })
      const [entry] = await scene.connection.store.list({ queue: 'default' }, { offset: 0, limit: 1 })
      assert.deepEqual(JSON.parse(entry!.payload).capstan_crash.causes, ['power cut'])
      const again = await scene.capstan('recover')
      assert.equal(again.code, 0)
      assert.match(again.stdout, /no dead worker left anything behind/)
    },
  )

  test(
    `on ${kind}, recover leaves alone who lives, and refuses to recover it by name`,
    DEADLINE,
    async (t) => {
      const scene = await open(kind, t)
      const alive = scene.work()
      const identity = await busy(scene, alive)
      const all = await scene.capstan('recover', '--json')
      assert.deepEqual([all.code, JSON.parse(all.stdout)], [0, { recovered: [] }])
      const one = await scene.capstan('recover', identity)
      assert.deepEqual([one.code, one.stdout], [2, ''])
      assert.match(one.stderr, /is alive on this host; stop it first/)
      assert.deepEqual(await state(scene), { enqueued: 0, inFlight: 1, workers: 1 })
    },
  )
}

test('recover with a name takes that worker only', DEADLINE, async (t) => {
  const scene = await open('sqlite', t)
  const [one, other] = [scene.work(), scene.work('--queue', 'elsewhere')]
  const identity = await busy(scene, one)
  await other.said('ready')
  const spared = await identityOf(scene, other)
  await Promise.all([one.end('SIGKILL'), other.end('SIGKILL')])
  const { code, stdout } = await scene.capstan('recover', identity, '--json')
  assert.deepEqual(
    [code, JSON.parse(stdout)],
    [0, { recovered: [{ identity, cause: 'recovered by hand', jobs: 1 }] }],
  )
  assert.deepEqual(
    (await scene.connection.store.workers()).map(({ info }) => info.identity),
    [spared],
  )
})

/** A worker of another host that was heard of so long ago. */
async function elsewhere({ connection }: Scene, { silentMs }: { silentMs: number }): Promise<string> {
  const beat = beatOf('far-away:4321:aaaaaaaaaaaa', { now: Date.now() - silentMs })
  await connection.store.heartbeat({ ...beat, worker: { ...beat.worker, hostname: 'far-away' } })
  return beat.worker.identity
}

test('recover with a name believes that a silent worker of another host is dead', DEADLINE, async (t) => {
  const scene = await open('sqlite', t)
  const identity = await elsewhere(scene, { silentMs: 61_000 })
  const all = await scene.capstan('recover', '--json')
  assert.deepEqual(JSON.parse(all.stdout), { recovered: [] })
  const { code, stdout } = await scene.capstan('recover', identity, '--json')
  assert.deepEqual(
    [code, JSON.parse(stdout).recovered],
    [0, [{ identity, cause: 'recovered by hand', jobs: 0 }]],
  )
})

test(
  'recover with a name leaves alone who beats on another host, unless it is told to',
  DEADLINE,
  async (t) => {
    const scene = await open('sqlite', t)
    const identity = await elsewhere(scene, { silentMs: 5_000 })
    const refused = await scene.capstan('recover', identity)
    assert.deepEqual([refused.code, refused.stdout], [2, ''])
    assert.match(refused.stderr, /its last heartbeat is only \d+ s old; expected one of more than 1 min/)
    assert.match(refused.stderr, /stop it first \(capstan stop far-away:4321:aaaaaaaaaaaa\).* say --force/)
    const json = await scene.capstan('recover', identity, '--json')
    assert.equal(JSON.parse(json.stderr).error.code, 'worker.alive')
    assert.equal((await state(scene)).workers, 1)
    const forced = await scene.capstan('recover', identity, '--force')
    assert.deepEqual([forced.code, forced.stdout], [0, `${identity}: 0 jobs are back (recovered by hand)\n`])
  },
)

test('recover counts in English, in digits that a deploy can read', () => {
  const line = (jobs: number) => reportLine({ identity: 'web1:7:0', cause: 'oom-kill', jobs })
  assert.equal(line(1), 'web1:7:0: 1 job is back (oom-kill)')
  assert.equal(line(1_200), 'web1:7:0: 1200 jobs are back (oom-kill)')
})

test('recover of a worker that is not there is refused', DEADLINE, async (t) => {
  const scene = await open('sqlite', t)
  const { code, stdout, stderr } = await scene.capstan('recover', 'nobody:1:aaaaaaaaaaaa')
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(stderr, /no worker is registered as "nobody:1:aaaaaaaaaaaa"; see capstan workers/)
})

test('what was recovered runs again', DEADLINE, async (t) => {
  const scene = await open('sqlite', t)
  const dying = scene.work()
  await slow.enqueue(scene.diary, 1_500)
  await scene.written('slow begins')
  await dying.end('SIGKILL')
  assert.equal((await scene.capstan('recover')).code, 0)
  scene.work()
  await eventually(async () => {
    assert.deepEqual(await scene.lines(), ['slow begins', 'slow begins', 'slow ends'])
  })
})

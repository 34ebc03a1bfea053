import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ANN, BOB, beatOf, claim, job, pushOne } from './redis-fixture.ts'
import { Scene, STORES, type StoreKind } from './scene.ts'

const DEADLINE = { timeout: 60_000 }

/** Promised for an ExecStopPost whose store does not answer; 3 s of its own, and as long for a busy machine. */
const LIMIT_MS = 6_000

/** What systemd gives to the ExecStopPost of `jobs.service` after a kill. */
const KILLED = {
  ...{ INVOCATION_ID: 'f00', SERVICE_RESULT: 'signal', EXIT_CODE: 'killed', EXIT_STATUS: 'KILL' },
}

/** ANN, of the run f00 of `jobs.service`, and BOB of an earlier one; both cannot be seen in /proc. ANN holds a job. */
async function twoRuns(kind: StoreKind, t: { after(close: () => Promise<void>): void }): Promise<Scene> {
  const scene = await Scene.open(kind)
  t.after(() => scene.close())
  const { store } = scene.connection
  const ofRun = (identity: string, invocation: string) => {
    const beat = beatOf(identity)
    return { ...beat, worker: { ...beat.worker, service: { unit: 'jobs.service', invocation } } }
  }
  await store.heartbeat(ofRun(ANN, 'f00'))
  await store.heartbeat(ofRun(BOB, 'ba4'))
  await pushOne(store, 'push', job('j1'))
  await claim(store, 1)
  return scene
}

for (const kind of STORES) {
  test(`on ${kind}, ExecStopPost recovers the run that has died, with its cause`, DEADLINE, async (t) => {
    const scene = await twoRuns(kind, t)
    Object.assign(scene.environment, KILLED)
    const { code, stdout } = await scene.capstan('recover', '--unit', 'jobs.service', '--json')
    const recovered = [{ identity: ANN, cause: 'signal KILL', jobs: 1 }]
    assert.deepEqual([code, JSON.parse(stdout)], [0, { recovered }])
    const [entry] = await scene.connection.store.list({ queue: 'a' }, { offset: 0, limit: 1 })
    assert.deepEqual(JSON.parse(entry!.payload).capstan_crash.causes, ['signal KILL'])
    const left = await scene.connection.store.workers()
    assert.deepEqual(
      left.map(({ info }) => info.identity),
      [BOB],
    )
  })

  test(`on ${kind}, ExecStopPost after a tidy stop says nothing`, DEADLINE, async (t) => {
    const scene = await twoRuns(kind, t)
    await scene.connection.store.leave(ANN, Date.now())
    Object.assign(scene.environment, KILLED, { SERVICE_RESULT: 'success', EXIT_CODE: 'exited' })
    const spoken = await scene.capstan('recover', '--unit', 'jobs.service')
    assert.deepEqual(spoken, { code: 0, stdout: '', stderr: '' })
  })
}

test('ExecStopPost gives up on a store that stays locked, and says who recovers', DEADLINE, async (t) => {
  const scene = await twoRuns('sqlite', t)
  Object.assign(scene.environment, KILLED)
  const lock = new DatabaseSync(join(scene.directory, 'jobs.db'))
  t.after(() => lock.close())
  lock.exec('BEGIN IMMEDIATE')
  const begun = performance.now()
  const { code, stderr } = await scene.capstan('recover', '--unit', 'jobs.service')
  assert.equal(code, 1)
  assert.match(stderr, /did not answer in 3 s; the next worker recovers what jobs\.service has left/)
  assert.ok(performance.now() - begun < LIMIT_MS)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Recovered } from '../../src/store/transfer.ts'
import type { WorkerInfo } from '../../src/store/worker-record.ts'
import { BEAT_MS } from '../../src/worker/heartbeat.ts'
import type { Host } from '../../src/worker/host.ts'
import { Outage } from '../../src/worker/outage.ts'
import { LEASE_MS, Reaper } from '../../src/worker/reaper.ts'
import { beatOf, down, hostOf, payloadOf, raw, Stage, workerInfo } from './stage.ts'

const OTHER = workerInfo('host-2:4321:bbbbbbbbbbbb')
const NEIGHBOUR = workerInfo('host-1:55:cccccccccccc', { hostname: 'host-1', bootId: 'boot-1' })
/** Longer than the reaper ever waits between two looks. */
const LOOK_MS = 22_500

async function reaping(host: Partial<Host> = {}) {
  const stage = new Stage()
  const recovered: Array<readonly [identity: string, jobs: readonly Recovered[]]> = []
  const reaper = new Reaper(stage.runtime, stage.line, {
    identity: 'host-1:100:aaaaaaaaaaaa',
    host: hostOf(host),
    outage: new Outage(stage.runtime),
    events: { recovered: (identity, jobs) => void recovered.push([identity, jobs]) },
  })
  return { stage, reaper, recovered }
}

/** A worker that took jobs at this moment and never beats again. */
async function takes(stage: Stage, worker: WorkerInfo, payloads: string[]): Promise<void> {
  const beatAt = stage.clock.now()
  await stage.store.heartbeat(beatOf(worker, beatAt))
  await stage.push('a', ...payloads)
  const { identity } = worker
  await stage.store.exchange({ identity, now: beatAt, settle: [], queues: ['a'], count: payloads.length })
}

/** Beats as a living worker does, for a while, by a clock that is `offsetMs` off. */
async function lives(
  stage: Stage,
  worker: WorkerInfo,
  { forMs, offsetMs }: { forMs: number; offsetMs: number },
) {
  for (let passed = 0; passed < forMs; passed += BEAT_MS) {
    await stage.store.heartbeat(beatOf(worker, stage.clock.now() + offsetMs))
    await stage.clock.advance(BEAT_MS)
  }
}

const registered = async (stage: Stage) => (await stage.store.workers()).map(({ info }) => info.identity)

describe('Reaper: a neighbour on this host', () => {
  test('whose process is gone is recovered at the first look, its jobs to the front with the cause in them', async () => {
    const { stage, reaper, recovered } = await reaping({ stateOf: () => 'gone' })
    await takes(stage, NEIGHBOUR, [raw('1'), raw('2')])
    await stage.push('a', raw('3'))
    await reaper.reap()
    const queued = (await stage.queued('a')).map(payloadOf)
    assert.deepEqual(
      queued.map(({ jid }) => jid),
      ['1', '2', '3'],
    )
    assert.deepEqual(
      queued.map(({ capstan_crash }) => capstan_crash),
      [
        { interruptions: 1, crashes: 0, causes: ['its process is gone'] },
        { interruptions: 1, crashes: 0, causes: ['its process is gone'] },
        undefined,
      ],
    )
    assert.deepEqual(await registered(stage), [])
    assert.deepEqual(
      recovered.map(([identity, jobs]) => [identity, jobs.length]),
      [[NEIGHBOUR.identity, 2]],
    )
  })

  test('that is alive keeps its jobs, however long it has not beaten', async () => {
    const { stage, reaper } = await reaping({ stateOf: () => 'alive' })
    await takes(stage, NEIGHBOUR, [raw('1')])
    await reaper.reap()
    reaper.start()
    await stage.clock.advance(30 * LEASE_MS)
    assert.deepEqual(await registered(stage), [NEIGHBOUR.identity])
    assert.deepEqual(await stage.queued('a'), [])
    await reaper.stop()
  })

  test('that is there but names another boot keeps its jobs as long as its lease, as on another host', async () => {
    const { stage, reaper } = await reaping({ stateOf: () => 'alive' })
    await takes(stage, { ...NEIGHBOUR, bootId: 'boot-0' }, [raw('1')])
    reaper.start()
    await stage.clock.advance(LEASE_MS - 1)
    assert.deepEqual(await registered(stage), [NEIGHBOUR.identity])
    await stage.clock.advance(LEASE_MS)
    assert.deepEqual(await registered(stage), [])
    await reaper.stop()
  })

  test('of an earlier boot is recovered when three beats went by in silence: its host was started again', async () => {
    const { stage, reaper } = await reaping()
    await takes(stage, { ...NEIGHBOUR, bootId: 'boot-0' }, [raw('1')])
    await reaper.reap()
    await stage.clock.advance(3 * BEAT_MS - 1)
    await reaper.reap()
    assert.deepEqual(await stage.queued('a'), [])
    await stage.clock.advance(1)
    await reaper.reap()
    const { capstan_crash } = payloadOf((await stage.queued('a'))[0]!)
    assert.deepEqual((capstan_crash as { causes: string[] }).causes, ['its host was started again'])
  })

  test('of the same name in another container, with a slow clock, is left alone while it beats', async () => {
    const { stage, reaper } = await reaping()
    const container = { ...NEIGHBOUR, bootId: 'boot-0' }
    await takes(stage, container, [raw('1')])
    for (let beat = 0; beat < 10; beat++) {
      await stage.clock.advance(BEAT_MS)
      const now = stage.clock.now() - LEASE_MS / 2
      const counts = { processed: 0, failed: 0, rssKib: 0, roundTripUs: 0 }
      await stage.store.heartbeat({ worker: container, now, quiet: false, running: [], ...counts })
      await reaper.reap()
    }
    assert.deepEqual(await stage.queued('a'), [])
  })

  test('a job that keeps ending its workers goes to the dead set in the end', async () => {
    const { stage, reaper } = await reaping({ stateOf: () => 'gone' })
    const unlucky = { interruptions: 25, crashes: 0, causes: ['x'] }
    await takes(stage, NEIGHBOUR, [raw('1', { capstan_crash: unlucky }), '{'])
    await reaper.reap()
    const dead = await stage.entries('dead')
    assert.equal(dead.length, 2)
    assert.ok(dead.some(({ payload, reason }) => payload === '{' && reason === 'not valid JSON'))
    assert.ok(dead.some(({ reason }) => reason?.startsWith('26 workers died while it ran')))
  })
})

describe('Reaper: a worker elsewhere', () => {
  test('is recovered after its lease, when it was watched for three beats', async () => {
    const { stage, reaper } = await reaping()
    await takes(stage, OTHER, [raw('1')])
    await reaper.reap()
    reaper.start()
    await stage.clock.advance(LEASE_MS)
    assert.deepEqual(await registered(stage), [OTHER.identity])
    await stage.clock.advance(LOOK_MS + 1)
    assert.deepEqual(await registered(stage), [])
    const { capstan_crash } = payloadOf((await stage.queued('a'))[0]!)
    assert.deepEqual((capstan_crash as { causes: string[] }).causes, ['its heartbeat is gone'])
    await reaper.stop()
  })

  test('is not recovered at first sight, however long its lease is over', async () => {
    const { stage, reaper } = await reaping()
    await takes(stage, OTHER, [raw('1')])
    await stage.clock.advance(10 * LEASE_MS)
    await reaper.reap()
    await stage.clock.advance(3 * BEAT_MS - 1)
    await reaper.reap()
    assert.deepEqual(await registered(stage), [OTHER.identity])
    await stage.clock.advance(1)
    await reaper.reap()
    assert.deepEqual(await registered(stage), [])
  })

  for (const offsetMs of [-3_600_000, 3_600_000]) {
    test(`that lives by a clock ${offsetMs / 60_000} min off is left alone`, async () => {
      const { stage, reaper } = await reaping()
      await takes(stage, OTHER, [raw('1')])
      await stage.store.heartbeat(beatOf(OTHER, stage.clock.now() + offsetMs))
      await reaper.reap()
      reaper.start()
      await lives(stage, OTHER, { forMs: 5 * LEASE_MS, offsetMs })
      assert.deepEqual(await registered(stage), [OTHER.identity])
      await reaper.stop()
    })

    test(`that died with a clock ${offsetMs / 60_000} min off is recovered within two leases`, async () => {
      const { stage, reaper } = await reaping()
      reaper.start()
      await takes(stage, OTHER, [raw('1')])
      await stage.store.heartbeat(beatOf(OTHER, stage.clock.now() + offsetMs))
      await stage.clock.advance(2 * LEASE_MS)
      assert.deepEqual(await registered(stage), [])
      await reaper.stop()
    })
  }

  test('never recovers itself', async () => {
    const { stage, reaper } = await reaping({ stateOf: () => 'gone' })
    await stage.store.heartbeat(beatOf(workerInfo('host-1:100:aaaaaaaaaaaa'), stage.clock.now()))
    await reaper.reap()
    assert.equal((await registered(stage)).length, 1)
  })
})

describe('Reaper: an outage', () => {
  test('is nobody’s death: after it, a worker has three beats to show itself', async () => {
    const { stage, reaper } = await reaping()
    await takes(stage, OTHER, [raw('1')])
    await reaper.reap()
    reaper.start()
    stage.faults = down
    await stage.clock.advance(600_000)
    stage.faults = () => 'pass'
    await reaper.reap()
    assert.deepEqual(await registered(stage), [OTHER.identity])
    await stage.clock.advance(3 * BEAT_MS + LOOK_MS)
    assert.deepEqual(await registered(stage), [])
    await reaper.stop()
  })

  test('two that see the same death recover its jobs once', async () => {
    const { stage, reaper, recovered } = await reaping({ stateOf: () => 'gone' })
    await takes(stage, NEIGHBOUR, [raw('1')])
    await Promise.all([reaper.reap(), reaper.reap()])
    assert.deepEqual([recovered.length, (await stage.queued('a')).length], [1, 1])
  })
})

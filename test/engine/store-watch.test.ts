import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registry } from '../../src/job/registry.ts'
import { StoreWatch } from '../../src/worker/watchdog/store-watch.ts'
import { Worker } from '../../src/worker/worker.ts'
import { capsuleInfo, down, gated, hostOf, raw, Stage } from './stage.ts'

const HOUR_MS = 3_600_000
const LOOK_MS = 1_000
const SLOTS = 2

/** A running worker, and a look at it every second. */
async function watched(stage = new Stage()) {
  const jobs = gated()
  const watch = new StoreWatch(stage.clock, stage.line)
  const worker = new Worker(stage.runtime, watch.store, {
    capsules: [capsuleInfo(SLOTS)],
    registry: registry([jobs.made]),
    host: hostOf(),
    version: '0.1.0',
  })
  await worker.start()
  const hang = () => watch.hang(worker.running().length < SLOTS)
  /** What was found first, and when. */
  async function firstHang(forMs: number): Promise<{ afterMs: number; hanging: string } | null> {
    for (let afterMs = LOOK_MS; afterMs <= forMs; afterMs += LOOK_MS) {
      await stage.clock.advance(LOOK_MS)
      const hanging = hang()
      if (hanging !== null) return { afterMs, hanging }
    }
    return null
  }
  return { stage, worker, jobs, firstHang }
}

const never = new Promise<never>(() => {})

describe('StoreWatch finds no hang', () => {
  test('in a worker that has nothing to do', async () => {
    const { firstHang } = await watched()
    assert.equal(await firstHang(HOUR_MS), null)
  })

  test('in a worker whose jobs take all slots for long', async () => {
    const stage = new Stage()
    await stage.push('a', raw('1'), raw('2'), raw('3'))
    const { firstHang, worker } = await watched(stage)
    assert.equal(await firstHang(HOUR_MS), null)
    assert.equal(worker.running().length, SLOTS)
  })

  test('in a worker whose queues are paused', async () => {
    const stage = new Stage()
    await stage.store.pause('a', true)
    const { firstHang } = await watched(stage)
    assert.equal(await firstHang(HOUR_MS / 4), null)
  })

  test('in a worker whose store is away, and when it is back', async () => {
    const { stage, firstHang } = await watched()
    stage.faults = down
    assert.equal(await firstHang(HOUR_MS / 4), null)
    stage.faults = () => 'pass'
    assert.equal(await firstHang(HOUR_MS / 4), null)
  })
})

describe('StoreWatch finds', () => {
  test('a claim that is never answered, once its time is over', async () => {
    const { stage, firstHang } = await watched()
    stage.faults = (method) => (method === 'exchange' ? { hang: never } : 'pass')
    await stage.push('a', raw('1'))
    const { afterMs, hanging } = (await firstHang(HOUR_MS))!
    assert.equal(afterMs, 61_000)
    assert.equal(hanging, 'store.exchange was not answered for 61 s')
  })

  test('a beat that is never answered', async () => {
    const { stage, firstHang } = await watched()
    stage.faults = (method) => (method === 'heartbeat' ? { hang: never } : 'pass')
    assert.match((await firstHang(HOUR_MS))!.hanging, /^store\.heartbeat was not answered/)
  })

  test('a worker that asks for no jobs though a slot is free', async () => {
    const stage = new Stage()
    const watch = new StoreWatch(stage.clock, stage.line)
    await stage.clock.advance(10_000)
    assert.equal(watch.hang(true), null)
    await stage.clock.advance(1)
    assert.equal(watch.hang(true), 'no job was asked for in 10 s, though a slot is free')
    assert.equal(watch.hang(false), null)
    await watch.store.inFlight('host-1:100:f00')
    assert.equal(watch.hang(true), null)
  })
})

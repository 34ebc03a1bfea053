import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registry } from '../../src/job/registry.ts'
import type { Beat } from '../../src/store/worker-record.ts'
import { BEAT_MS } from '../../src/worker/heartbeat.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { WorkerOptions } from '../../src/worker/worker-options.ts'
import { capsuleInfo, down, faultAt, gated, hostOf, raw, Stage } from './stage.ts'

async function started(options: Partial<WorkerOptions> = {}, faults?: Stage['faults']) {
  const stage = new Stage()
  const jobs = gated()
  if (faults !== undefined) stage.faults = faults
  const worker = new Worker(stage.runtime, stage.line, {
    capsules: [capsuleInfo(2)],
    registry: registry([jobs.made]),
    host: hostOf(),
    version: '0',
    ...options,
  })
  await worker.start()
  await stage.settle()
  const beats = () => stage.callsOf('heartbeat').map(({ asked }) => asked[0] as Beat)
  const total = async () => {
    const { processed, failed } = await stage.store.stats(stage.clock.now(), 1)
    return { processed, failed }
  }
  return { stage, worker, beats, total, ...jobs }
}

describe('Heartbeat', () => {
  test('beats every five seconds with what runs', async () => {
    const { stage, beats } = await started()
    await stage.push('a', raw('1'))
    await stage.settle()
    const claimedAt = stage.clock.now()
    await stage.clock.advance(4 * BEAT_MS)
    assert.equal(beats().length, 5)
    const last = beats().at(-1)!
    assert.equal(last.now, stage.clock.now())
    assert.equal(last.rssKib, 51_200)
    assert.deepEqual(
      last.running.map(({ queue, payload, startedAt }) => ({ queue, payload, startedAt })),
      [{ queue: 'a', payload: raw('1'), startedAt: claimedAt }],
    )
  })

  for (const fault of ['before', 'after'] as const) {
    test(`counts of a beat whose call got lost (${fault}) are added once, and the lease counts from now`, async () => {
      const { stage, total, end } = await started()
      await stage.push('a', raw('1'), raw('2'))
      await stage.settle()
      end('1')
      stage.faults = faultAt('heartbeat', 1, fault)
      await stage.clock.advance(BEAT_MS)
      end('2')
      await stage.clock.advance(2_000)
      assert.deepEqual(await total(), { processed: 2, failed: 0 })
      const [record] = await stage.store.workers()
      assert.ok(stage.clock.now() - record!.beatAt <= 2_000)
      await stage.clock.advance(2 * BEAT_MS)
      assert.deepEqual(await total(), { processed: 2, failed: 0 })
    })
  }

  test('many lost answers in a row still count everything once', async () => {
    const { stage, total, end, worker } = await started()
    stage.faults = (method, nth) => (method === 'heartbeat' && nth % 3 !== 0 ? 'after' : 'pass')
    for (let job = 0; job < 20; job++) {
      await stage.push('a', raw(String(job)))
      end(String(job))
      await stage.clock.advance(1_300)
    }
    stage.faults = () => 'pass'
    await stage.clock.run(worker.stop())
    assert.deepEqual(await total(), { processed: 20, failed: 0 })
  })

  test('an operator’s message reaches the events, once, also when its answer was lost', async () => {
    const heard: string[] = []
    const { stage, worker } = await started({ events: { signalled: (signal) => void heard.push(signal) } })
    await stage.store.signal(worker.info.identity, 'TSTP')
    stage.faults = faultAt('heartbeat', 1, 'after')
    await stage.clock.advance(2 * BEAT_MS)
    assert.deepEqual(heard, ['TSTP'])
    assert.equal(worker.state, 'running')
  })

  test('after an outage it beats within half a second of the store’s return', async () => {
    const { stage, worker } = await started()
    stage.faults = down
    await stage.clock.advance(60_000)
    stage.faults = () => 'pass'
    const back = stage.clock.now()
    await stage.clock.advance(500)
    const [record] = await stage.store.workers()
    assert.equal(record!.info.identity, worker.info.identity)
    assert.ok(record!.beatAt >= back)
  })

  test('a worker whose jobs were taken away aborts them, registers again and works on', async () => {
    const lost: string[] = []
    const { stage, worker, signals, begun } = await started({
      events: { jobLost: ({ payload }) => void lost.push('jid' in payload ? String(payload.jid) : '') },
    })
    await stage.push('a', raw('1'))
    await stage.settle()
    const first = signals.get('1')!
    await stage.store.leave(worker.info.identity, stage.clock.now())
    await stage.clock.advance(BEAT_MS + 1_000)
    assert.equal(first.reason.code, 'job.lease_lost')
    assert.deepEqual(lost, ['1'])
    assert.deepEqual(begun, ['1', '1'])
    assert.equal((await stage.store.workers()).length, 1)
  })

  test('a store that has forgotten the worker is told of once, an idle worker too', async () => {
    const { stage, worker } = await started()
    await stage.clock.advance(3 * BEAT_MS)
    assert.deepEqual(stage.messages('warn'), [])
    stage.state.workers.delete(worker.info.identity)
    await stage.clock.advance(3 * BEAT_MS)
    const [told, ...more] = stage.lines.filter(({ level }) => level === 'warn')
    assert.match(told!.message, /did not know this worker any more.*registered again/)
    assert.deepEqual([told!.fields.silentSeconds, more], [BEAT_MS / 1000, []])
  })

  test('a worker whose slots are all busy hears of lost jobs with its next beat', async () => {
    const { stage, worker, signals, gate } = await started({ capsules: [capsuleInfo(1)] })
    await stage.push('a', raw('1'))
    await stage.settle()
    await stage.store.leave(worker.info.identity, stage.clock.now())
    await stage.store.pause('a', true)
    await stage.clock.advance(BEAT_MS)
    assert.equal(signals.get('1')!.reason.code, 'job.lease_lost')
    gate('1').reject(new Error('too late'))
    await stage.clock.advance(BEAT_MS)
    assert.deepEqual(await stage.queued('a'), [raw('1')])
    assert.deepEqual(await stage.entries('retry'), [])
  })

  test('a claim that arrived late, after its answer was given up, is taken up after two beats at most', async () => {
    const { stage, worker, begun } = await started()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    // While the worker's own exchange is on its way, a claim in its name takes the job.
    let held = false
    stage.faults = (method) => {
      if (method !== 'exchange' || held) return 'pass'
      held = true
      return { hang }
    }
    await stage.push('a', raw('1'))
    await stage.settle()
    const { identity } = worker.info
    const request = { identity, now: stage.clock.now(), settle: [], queues: ['a'], count: 1 }
    assert.equal((await stage.store.exchange(request)).claims.length, 1)
    release()
    await stage.clock.advance(100)
    assert.deepEqual(begun, [])
    await stage.clock.advance(2 * BEAT_MS)
    assert.deepEqual(begun, ['1'])
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registry } from '../../src/job/registry.ts'
import type { WithUnknownJobs } from '../../src/job/unknown-jobs.ts'
import type { ExchangeRequest } from '../../src/store/exchange.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { WorkerOptions } from '../../src/worker/worker-options.ts'
import { beatOf, capsuleInfo, hostOf, raw, Stage, work, workerInfo } from './stage.ts'

const HOUR_MS = 3_600_000

/** An exchange that settles something. */
const settles = ([request]: readonly unknown[]) => (request as ExchangeRequest).settle.length > 0

/** A worker that knows Work alone, and what it ran. */
async function started(stage: Stage, options: Partial<WorkerOptions> = {}) {
  const ran: string[] = []
  const worker = new Worker(stage.runtime, stage.line, {
    capsules: [capsuleInfo(2)],
    registry: registry([work((jid) => ran.push(jid))]),
    host: hostOf(),
    version: '0.1.0',
    ...options,
  })
  await worker.start()
  await stage.settle()
  return { worker, ran }
}

const strangers = (count: number, created_at: number, name = 'Stranger') =>
  Array.from({ length: count }, (_, n) => raw(`${name}-${n}`, { class: name, queue: 'a', created_at }))

describe('jobs of a class that the worker does not know', () => {
  test('stand on their queue again and again, for ever, uncounted and without a failure', async () => {
    const stage = new Stage()
    const [job] = strangers(1, stage.clock.now() / 1000)
    await stage.push('a', job!)
    const { worker } = await started(stage)
    await stage.clock.advance(HOUR_MS)
    const [waiting] = [
      ...(await stage.entries('schedule')).map(({ payload }) => payload),
      ...(await stage.queued('a')),
    ]
    const { enqueued_at: _, ...kept } = JSON.parse(waiting!) as Record<string, unknown>
    assert.deepEqual(kept, JSON.parse(job!))
    const { processed, failed, retries, dead } = await stage.store.stats(stage.clock.now(), 1)
    assert.deepEqual({ processed, failed, retries, dead }, { processed: 0, failed: 0, retries: 0, dead: 0 })
    await worker.stop()
  })

  test('do not hold up those it knows: ten thousand in front of one, and as many later', async () => {
    const stage = new Stage()
    await stage.push('a', ...strangers(10_000, stage.clock.now() / 1000), raw('mine'))
    const { worker, ran } = await started(stage)
    await stage.clock.advance(1)
    assert.deepEqual(ran, ['mine'])
    await stage.clock.advance(60_000)
    await stage.push('a', raw('later'))
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, ['mine', 'later'])
    await worker.stop()
  })

  test('do not make it spin: one costs two exchanges each half a minute', async () => {
    const stage = new Stage()
    await stage.push('a', ...strangers(1, stage.clock.now() / 1000))
    const { worker } = await started(stage)
    await stage.clock.advance(HOUR_MS)
    const before = stage.callsOf('exchange').length
    await stage.clock.advance(HOUR_MS)
    const exchanges = stage.callsOf('exchange').length - before
    // By its age it stays away for 30 s at least, and then waits for a look at the schedule.
    assert.ok(exchanges <= 3 * (HOUR_MS / 30_000), `${exchanges} exchanges an hour`)
    await worker.stop()
  })

  test('are run as soon as a worker comes that knows them', async () => {
    const stage = new Stage()
    await stage.push('a', ...strangers(3, stage.clock.now() / 1000, 'Work'))
    const old = await started(stage, { registry: registry([]) })
    await stage.clock.advance(60_000)
    await old.worker.stop()
    const { worker, ran } = await started(stage)
    await stage.clock.advance(60_000)
    assert.deepEqual(ran.toSorted(), ['Work-0', 'Work-1', 'Work-2'])
    await worker.stop()
  })

  test('come back each second or so while another worker on the queue may know them, then rarely', async () => {
    const stage = new Stage()
    await stage.push('a', ...strangers(1, stage.clock.now() / 1000 - 3_600))
    const { worker } = await started(stage, { pollMs: 100 })
    const takenIn = async (ms: number) => {
      const count = () => stage.callsOf('exchange').filter(({ asked }) => settles(asked)).length
      const before = count()
      await stage.clock.advance(ms)
      return count() - before
    }
    await takenIn(60_000)
    assert.ok((await takenIn(300_000)) <= 10, 'alone, it looks every half a minute')
    const neighbour = { ...workerInfo('b'), capsules: [capsuleInfo(1)] }
    await stage.store.heartbeat(beatOf(neighbour, stage.clock.now()))
    await takenIn(40_000)
    const beside = await takenIn(10_000)
    assert.ok(beside >= 5, `beside one that may know them, it looked ${beside} times in 10 s`)
    await stage.store.heartbeat({ ...beatOf(neighbour, stage.clock.now()), quiet: true })
    await takenIn(20_000)
    assert.ok((await takenIn(20_000)) <= 2, 'beside one that takes no more jobs, as rarely as alone')
    await stage.store.heartbeat(beatOf(neighbour, stage.clock.now() - 61_000))
    await takenIn(20_000)
    assert.ok((await takenIn(20_000)) <= 2, 'and beside a dead one')
    const knowsNeither = {
      ...neighbour,
      unknownJobs: [{ class: 'Stranger', queue: 'a', count: 1, lastAt: 0 }],
    }
    await stage.store.heartbeat(beatOf(knowsNeither, stage.clock.now()))
    await takenIn(20_000)
    assert.ok((await takenIn(30_000)) <= 2, 'beside one that does not, as rarely as alone')
    await worker.stop()
  })

  test('are warned of once for each class, and named in the worker’s beats', async () => {
    const stage = new Stage()
    const now = stage.clock.now() / 1000
    await stage.push('a', ...strangers(5, now), ...strangers(2, now, 'Other'))
    const { worker } = await started(stage)
    await stage.clock.advance(5_000)
    assert.equal(stage.messages('warn').length, 2)
    assert.match(stage.messages('warn')[0]!, /no job is called "Stranger" in this worker/)
    const [record] = await stage.store.workers()
    const { unknownJobs } = record!.info as WithUnknownJobs
    assert.deepEqual(
      unknownJobs?.map(({ class: name, queue, count }) => [name, queue, count >= 2]),
      [
        ['Stranger', 'a', true],
        ['Other', 'a', true],
      ],
    )
    await worker.stop()
  })

  test('are forgotten when they do not come back', async () => {
    const stage = new Stage()
    await stage.push('a', ...strangers(1, stage.clock.now() / 1000))
    const { worker } = await started(stage)
    await stage.clock.advance(60_000)
    await Promise.all([stage.store.clear({ set: 'schedule' }), stage.store.clear({ queue: 'a' })])
    await stage.clock.advance(310_000)
    const [record] = await stage.store.workers()
    assert.equal('unknownJobs' in record!.info, false)
    await worker.stop()
  })

  test('are dead at once, or go through their retries, where that is the rule', async () => {
    for (const [unknownJobs, set] of [
      ['dead', 'dead'],
      ['retry', 'retry'],
    ] as const) {
      const stage = new Stage()
      await stage.push('a', ...strangers(1, 1))
      const { worker } = await started(stage, { unknownJobs })
      assert.equal((await stage.entries(set)).length, 1, unknownJobs)
      await worker.stop()
    }
  })
})

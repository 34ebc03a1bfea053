import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Definition } from '../../src/job/definition.ts'
import { registry } from '../../src/job/registry.ts'
import { InternalError, StoreError, UsageError } from '../../src/kernel/errors.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { WorkerOptions } from '../../src/worker/worker-options.ts'
import { beatOf, capsuleInfo, down, faultAt, gated, hostOf, raw, Stage, work, workerInfo } from './stage.ts'

const JIDS = ['1', '2', '3', '4']

async function startedOn(
  stage: Stage,
  made: Definition,
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = workerOn(stage, made, options)
  await worker.start()
  await stage.settle()
  return worker
}

function workerOn(stage: Stage, made: Definition, options: Partial<WorkerOptions> = {}): Worker {
  return new Worker(stage.runtime, stage.line, {
    capsules: [capsuleInfo(2)],
    registry: registry([made]),
    host: hostOf(),
    version: '0.1.0',
    ...options,
  })
}

/** A worker that runs jobs 1 and 2 of four. */
async function busy(options: Partial<WorkerOptions> = {}) {
  const stage = new Stage()
  const jobs = gated()
  await stage.push('a', ...JIDS.map((jid) => raw(jid)))
  const worker = await startedOn(stage, jobs.made, options)
  assert.deepEqual(jobs.begun, ['1', '2'])
  return { stage, worker, ...jobs }
}

const queuedIn = async (stage: Stage, queue = 'a') =>
  (await stage.queued(queue)).map((text) => JSON.parse(text).jid)

const stats = (stage: Stage) => stage.store.stats(stage.clock.now(), 1)

describe('Worker.start', () => {
  test('registers under its identity, with all that an operator wants to see', async () => {
    const stage = new Stage()
    const worker = await startedOn(
      stage,
      work(() => undefined),
      { tag: 'app', labels: ['blue'] },
    )
    const [record] = await stage.store.workers()
    assert.deepEqual(record!.info, worker.info)
    assert.match(worker.info.identity, /^host-1:100:[0-9a-f]{12}$/)
    const { hostname, pid, bootId, processStart, tag, labels, version, startedAt, capsules } = record!.info
    assert.deepEqual(
      { hostname, pid, bootId, processStart, tag, labels, version, startedAt, capsules },
      {
        hostname: 'host-1',
        pid: 100,
        bootId: 'boot-1',
        processStart: '500',
        tag: 'app',
        labels: ['blue'],
        version: '0.1.0',
        startedAt: stage.clock.now(),
        capsules: [capsuleInfo(2)],
      },
    )
  })

  test('is registered before it claims', async () => {
    const stage = new Stage()
    await startedOn(
      stage,
      work(() => undefined),
    )
    const order = stage.calls.map(({ method }) => method)
    assert.ok(order.indexOf('heartbeat') < order.indexOf('exchange'))
  })

  test('takes over at once what a dead neighbour on this host left', async () => {
    const stage = new Stage()
    const dead = workerInfo('host-1:7:dddddddddddd')
    await stage.store.heartbeat(beatOf(dead, stage.clock.now()))
    await stage.push('a', raw('1'))
    await stage.store.exchange({ identity: dead.identity, now: 0, settle: [], queues: ['a'], count: 1 })
    const ran: string[] = []
    await startedOn(
      stage,
      work((jid) => void ran.push(jid)),
      { host: hostOf({ stateOf: () => 'gone' }) },
    )
    assert.deepEqual(ran, ['1'])
  })

  test('fails when the store is not there, and leaves nothing going on', async () => {
    for (const method of ['heartbeat', 'workers'] as const) {
      const stage = new Stage()
      stage.faults = (called) => (called === method ? 'before' : 'pass')
      const worker = workerOn(
        stage,
        work(() => undefined),
      )
      await assert.rejects(worker.start(), StoreError)
      await stage.settle()
      assert.equal(stage.clock.sleeping, 0, `after ${method} failed`)
      assert.deepEqual(await stage.store.workers(), [])
    }
  })

  test('a worker starts once', async () => {
    const stage = new Stage()
    const worker = await startedOn(
      stage,
      work(() => undefined),
    )
    await assert.rejects(worker.start(), InternalError)
  })

  test('a stop while it starts ends it: nothing is claimed, nothing goes on, no registration stays', async () => {
    const stage = new Stage()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    stage.faults = (method, nth) => (method === 'heartbeat' && nth === 1 ? { hang } : 'pass')
    await stage.push('a', raw('1'))
    const worker = workerOn(
      stage,
      work(() => assert.fail('ran')),
    )
    const started = worker.start()
    await stage.settle()
    const stopped = worker.stop()
    release()
    await started
    await stage.clock.run(stopped)
    await stage.settle()
    assert.equal(worker.state, 'stopped')
    assert.equal(stage.clock.sleeping, 0)
    assert.deepEqual([await stage.store.workers(), await queuedIn(stage)], [[], ['1']])
  })

  test('a start that is answered only after the worker has stopped leaves no registration either', async () => {
    const stage = new Stage()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    stage.faults = (method, nth) => (method === 'heartbeat' && nth === 1 ? { hang } : 'pass')
    await stage.push('a', raw('1'))
    const worker = workerOn(
      stage,
      work(() => assert.fail('ran')),
    )
    const started = worker.start()
    await stage.settle()
    await stage.clock.run(worker.stop())
    release()
    await started
    await stage.clock.advance(60_000)
    assert.equal(worker.state, 'stopped')
    assert.equal(stage.clock.sleeping, 0)
    assert.deepEqual([await stage.store.workers(), await queuedIn(stage)], [[], ['1']])
  })

  test('two capsules that share a queue are refused', () => {
    const stage = new Stage()
    const capsules = [capsuleInfo(1, 'a'), { ...capsuleInfo(1, 'b', 'a'), name: 'other' }]
    assert.throws(
      () =>
        workerOn(
          stage,
          work(() => undefined),
          { capsules },
        ),
      UsageError,
    )
  })
})

describe('Worker: several capsules', () => {
  test('each has its own slots and its own queues', async () => {
    const stage = new Stage()
    const { made, begun } = gated()
    await stage.push('a', raw('a1'), raw('a2'))
    await stage.push('b', raw('b1'), raw('b2'), raw('b3'))
    const capsules = [capsuleInfo(1, 'a'), { ...capsuleInfo(2, 'b'), name: 'second' }]
    const worker = await startedOn(stage, made, { capsules })
    assert.deepEqual(begun.sort(), ['a1', 'b1', 'b2'])
    assert.deepEqual(
      worker
        .running()
        .map(({ claim }) => claim.queue)
        .sort(),
      ['a', 'b', 'b'],
    )
  })
})

describe('Worker.quiet', () => {
  test('claims nothing more, for good; what runs goes on and ends', async () => {
    const { stage, worker, signals, end, begun } = await busy()
    worker.quiet()
    assert.equal(worker.state, 'quiet')
    assert.equal(signals.get('1')!.aborted, false)
    end('1')
    await stage.clock.advance(120_000)
    assert.deepEqual(
      [begun, await queuedIn(stage)],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    )
    assert.deepEqual(
      worker.running().map(({ payload }) => 'jid' in payload && payload.jid),
      ['2'],
    )
  })

  test('operators see it at once', async () => {
    const { stage, worker } = await busy()
    worker.quiet()
    await stage.settle()
    assert.equal((await stage.store.workers())[0]!.quiet, true)
  })

  test('a second quiet changes nothing', async () => {
    const states: string[] = []
    const { worker } = await busy({ events: { state: (state) => void states.push(state) } })
    worker.quiet()
    worker.quiet()
    assert.deepEqual(states, ['running', 'quiet'])
  })
})

describe('Worker.stop', () => {
  test('tells running jobs at once, waits for them, brings their results home and leaves', async () => {
    const { stage, worker, signals, end } = await busy()
    const stopped = worker.stop()
    for (const jid of ['1', '2']) assert.equal(signals.get(jid)!.reason.code, 'job.worker_stopping')
    await stage.clock.advance(20_000)
    assert.equal(worker.state, 'draining')
    end('1')
    end('2')
    await stage.clock.run(stopped, { forMs: 100 })
    assert.equal(worker.state, 'stopped')
    assert.deepEqual([await queuedIn(stage), await stage.store.workers()], [['3', '4'], []])
    assert.deepEqual([(await stats(stage)).inFlight, stage.clock.sleeping], [0, 0])
  })

  test('after the drain time hands the rest back untouched, to the front, in their order', async () => {
    const { stage, worker } = await busy({ drainMs: 7_000 })
    const before = stage.clock.now()
    await stage.clock.run(worker.stop())
    assert.equal(stage.clock.now(), before + 7_000)
    assert.deepEqual(
      await stage.queued('a'),
      JIDS.map((jid) => raw(jid)),
    )
    assert.deepEqual(await stage.store.workers(), [])
  })

  test('what ends after it was handed back is recorded nowhere', async () => {
    const { stage, worker, gate, end } = await busy({ drainMs: 1_000 })
    await stage.clock.run(worker.stop())
    gate('1').reject(new Error('too late'))
    end('2')
    await stage.settle()
    assert.deepEqual(await queuedIn(stage), JIDS)
    assert.deepEqual((await stats(stage)).failed, 0)
    assert.equal(worker.hasLeft, true)
    assert.deepEqual(stage.messages('warn'), [
      'a job outlasted the drain',
      'a job outlasted the drain',
      'the drain time is over; jobs are handed back',
    ])
  })

  test('a store that does not hear the goodbye: nothing is said to be handed back', async () => {
    const { stage, worker } = await busy({ drainMs: 1_000 })
    stage.faults = down
    await stage.clock.run(worker.stop())
    assert.equal(worker.hasLeft, false)
    assert.equal(
      stage.messages('warn').at(-1),
      'the drain time is over; the next worker recovers what still runs',
    )
  })

  test('what ends while it says goodbye is brought home and counted, not handed back', async () => {
    const { stage, worker, end } = await busy({ drainMs: 1_000 })
    stage.faults = (method) => {
      if (method === 'heartbeat' && worker.state === 'draining') end('1')
      return 'pass'
    }
    await stage.clock.run(worker.stop())
    assert.deepEqual(await queuedIn(stage), ['2', '3', '4'])
    assert.equal((await stats(stage)).processed, 1)
  })

  test('where its process ends, what still runs goes back with the last step, after all else was said', async () => {
    const seen: unknown[] = []
    const { stage, worker } = await busy({
      drainMs: 1_000,
      endProcess: (lastStep) => {
        seen.push(worker.state, worker.running().length)
        steps.push(lastStep)
      },
    })
    const steps: Array<() => void> = []
    await stage.clock.run(worker.stop())
    assert.deepEqual(seen, ['stopped', 0])
    assert.deepEqual([await queuedIn(stage), stage.callsOf('leave')], [['3', '4'], []])
    steps[0]!()
    assert.deepEqual([await queuedIn(stage), await stage.store.workers()], [JIDS, []])
  })

  test('what ends while the last step is prepared is brought home, and the step taken without it', async () => {
    const { stage, worker, end } = await busy({ drainMs: 1_000, endProcess: (lastStep) => lastStep() })
    const held = Promise.withResolvers<void>()
    stage.faults = faultAt('prepareToLeave', 1, { hang: held.promise })
    const stopped = stage.clock.run(worker.stop(), { forMs: 2_000 })
    await stage.clock.advance(1_000)
    end('1')
    held.resolve()
    await stopped
    assert.deepEqual(await queuedIn(stage), ['2', '3', '4'])
    assert.equal((await stats(stage)).processed, 1)
    assert.equal(stage.callsOf('prepareToLeave').length, 2)
  })

  for (const [when, ending] of [
    ['has ended in time', (end: (jid: string) => void) => ['1', '2'].forEach(end)],
    ['ends while the last step is prepared', null],
  ] as const)
    test(`its process goes on when all ${when}`, async () => {
      let ended = 0
      const { stage, worker, end } = await busy({
        drainMs: 1_000,
        endProcess: () => {
          ended += 1
        },
      })
      stage.faults = (method) => {
        if (method === 'prepareToLeave') ['1', '2'].forEach(end)
        return 'pass'
      }
      ending?.(end)
      await stage.clock.run(worker.stop())
      assert.deepEqual([ended, await queuedIn(stage), await stage.store.workers()], [0, ['3', '4'], []])
    })

  test('its process ends with what runs even when the store is gone', async () => {
    let ended = 0
    const { stage, worker } = await busy({
      drainMs: 1_000,
      endProcess: (lastStep) => {
        lastStep()
        ended += 1
      },
    })
    stage.faults = (method) => (method === 'heartbeat' ? 'pass' : 'before')
    await stage.clock.run(worker.stop(), { forMs: 10_000 })
    assert.deepEqual([ended, (await stats(stage)).inFlight], [1, 2])
    assert.ok(stage.messages('error').some((message) => message.startsWith('could not say goodbye')))
  })

  test('a job that breaks off with the reason goes back uncounted and without a failure', async () => {
    const stage = new Stage()
    await stage.push('a', raw('1'))
    const obedient = work(async (_jid, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      throw signal.reason
    })
    const worker = await startedOn(stage, obedient)
    await stage.clock.run(worker.stop(), { forMs: 100 })
    assert.deepEqual(await stage.queued('a'), [raw('1')])
    const { processed, failed, retries } = await stats(stage)
    assert.deepEqual([processed, failed, retries], [0, 0, 0])
  })

  test('hurry ends the draining at once', async () => {
    const { stage, worker } = await busy()
    const before = stage.clock.now()
    const stopped = worker.stop()
    await stage.clock.advance(2_000)
    worker.hurry()
    await stage.clock.run(stopped)
    assert.equal(stage.clock.now(), before + 2_000)
    assert.deepEqual(await queuedIn(stage), JIDS)
  })

  test('a second stop waits for the first, and `ended` resolves with it', async () => {
    const { stage, worker } = await busy({ drainMs: 3_000 })
    const trace: string[] = []
    void worker.ended.then(() => trace.push('ended'))
    const first = worker.stop().then(() => trace.push('first'))
    await stage.clock.advance(1_000)
    const second = worker.stop().then(() => trace.push('second'))
    assert.deepEqual(trace, [])
    await stage.clock.run(Promise.all([first, second, worker.ended]))
    assert.deepEqual(trace.sort(), ['ended', 'first', 'second'])
    assert.equal(stage.callsOf('leave').length, 1)
  })

  test('goes through its states in order', async () => {
    const states: string[] = []
    const { stage, worker } = await busy({
      drainMs: 0,
      events: { state: (state) => void states.push(state) },
    })
    await stage.clock.run(worker.stop())
    assert.deepEqual(states, ['running', 'quiet', 'draining', 'stopped'])
  })

  test('a store that is gone holds it up for a few seconds only', async () => {
    const { stage, worker, end } = await busy()
    stage.faults = down
    const stopped = worker.stop()
    end('1')
    end('2')
    await stage.clock.run(stopped, { forMs: 5_000 })
    assert.equal(worker.state, 'stopped')
    assert.ok(stage.messages('error').some((message) => message.startsWith('could not say goodbye')))
    await stage.clock.advance(1_000)
    assert.equal(stage.clock.sleeping, 0)
  })

  test('ends the cells of isolated jobs before it hands their jobs back', async () => {
    const closedBeside: string[][] = []
    const never = () => assert.fail('not asked for')
    const close = async () => void closedBeside.push(await queuedIn(stage))
    const { stage, worker } = await busy({
      isolation: { runInProcess: never, runInThread: never, close },
      drainMs: 0,
    })
    const waiting = await queuedIn(stage)
    await stage.clock.run(worker.stop())
    assert.deepEqual(closedBeside, [waiting])
    assert.deepEqual(await queuedIn(stage), ['1', '2', ...waiting])
  })
})

describe('Worker: counters', () => {
  test('what ends while the worker drains is counted, too', async () => {
    const { stage, worker, end, gate } = await busy()
    const stopped = worker.stop()
    await stage.clock.advance(2_000)
    end('1')
    gate('2').reject(new Error('boom'))
    await stage.clock.run(stopped)
    const { processed, failed } = await stats(stage)
    assert.deepEqual([processed, failed], [2, 1])
  })

  test('processed and failed are right after a stop, whatever the beats did', async () => {
    const stage = new Stage()
    const made = work((jid) => {
      if (Number(jid) % 3 === 0) throw new Error('every third')
    })
    const worker = await startedOn(stage, made, { capsules: [capsuleInfo(4)] })
    for (let round = 0; round < 10; round++) {
      await stage.push('a', ...Array.from({ length: 9 }, (_, index) => raw(String(index))))
      await stage.clock.advance(1_700)
    }
    await stage.clock.run(worker.stop())
    const { processed, failed } = await stats(stage)
    // Some of the failed ones have come back within the 17 s and failed again.
    const ended = stage.messages('warn').filter((message) => message === 'job failed').length
    const done = stage.messages('debug').filter((message) => message === 'job done').length
    assert.equal(done, 60)
    assert.ok(ended >= 30)
    assert.deepEqual([processed, failed], [done + ended, ended])
  })
})

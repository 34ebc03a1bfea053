import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { currentContext } from '../../src/client/context.ts'
import { defineJob } from '../../src/client/define-job.ts'
import type { DeathHandler, JobDeath } from '../../src/job/death.ts'
import { discard, kill } from '../../src/job/outcome.ts'
import { registry } from '../../src/job/registry.ts'
import type { JobResult } from '../../src/worker/job-result.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { WorkerOptions } from '../../src/worker/worker-options.ts'
import { beatOf, capsuleInfo, hostOf, raw, Stage, workerInfo } from './stage.ts'

const fails = () => {
  throw new RangeError('too far')
}

interface Given {
  readonly run?: (jid: string) => unknown
  readonly died?: (args: readonly unknown[], death: JobDeath) => unknown
  readonly delay?: () => 'kill' | 'discard' | '1s'
}

/** A worker with one job, Work, whose deaths are noted: what its own function was told, and the worker's handler. */
async function started({ run = fails, died, delay }: Given = {}, options: Partial<WorkerOptions> = {}) {
  const stage = new Stage()
  const own: Array<{ readonly args: readonly unknown[]; readonly death: JobDeath }> = []
  const all: JobDeath[] = []
  const job = defineJob({
    name: 'Work',
    ...(delay === undefined ? {} : { retry: { delay } }),
    run: ([jid]: [string]) => run(jid),
    died: (args, death) => {
      own.push({ args, death })
      return died?.(args, death)
    },
  })
  const worker = new Worker(stage.runtime, stage.line, {
    capsules: [capsuleInfo(2)],
    registry: registry([job.definition]),
    host: hostOf(),
    version: '0.1.0',
    deathHandlers: [(death) => void all.push(death)],
    ...options,
  })
  await worker.start()
  const runs = async (...payloads: string[]) => {
    await stage.push('a', ...payloads)
    await stage.settle()
  }
  return { stage, worker, own, all, runs }
}

const dead = async (stage: Stage) => (await stage.entries('dead')).length

describe('the death of a job', () => {
  test('is told when its retries are used up and not before, once, to the job and to all handlers', async () => {
    const { stage, own, all, runs } = await started({ delay: () => '1s' })
    await runs(raw('1', { queue: 'a', retry: 1 }))
    assert.deepEqual([own, all], [[], []])
    await stage.clock.advance(60_000)
    const [{ args, death } = assert.fail('nobody was told')] = own
    assert.deepEqual(args, ['1'])
    assert.deepEqual(all, [death])
    const { jid, job, queue, error, payload } = death
    assert.deepEqual([jid, job, queue, payload.retry_count], ['1', 'Work', 'a', 0])
    assert.deepEqual([error.name, error.message], ['RangeError', 'too far'])
    assert.ok(error.thrown instanceof RangeError)
    assert.equal(await dead(stage), 1)
  })

  test('is told of a job that is not kept, too', async () => {
    const { stage, own, runs } = await started()
    await runs(raw('1', { retry: false }), raw('2', { retry: 0, dead: false }))
    assert.deepEqual(
      own.map(({ args }) => args),
      [['1'], ['2']],
    )
    assert.equal(await dead(stage), 0)
  })

  for (const wait of ['kill', 'discard'] as const) {
    test(`is told when its own delay answers ${wait}`, async () => {
      const { own, runs } = await started({ delay: () => wait })
      await runs(raw('1'))
      assert.equal(own.length, 1)
    })
  }

  test('is told with the reason when it asks for it; what it discards itself did not die', async () => {
    const { own, runs } = await started({
      run: (jid) => (jid === '1' ? kill('no use') : discard('not mine')),
    })
    await runs(raw('1'), raw('2'))
    assert.deepEqual(
      own.map(({ args, death }) => [args, death.error]),
      [[['1'], { name: 'Killed', message: 'no use', stack: null }]],
    )
  })

  test('is told to the handlers alone when the job cannot be run here', async () => {
    const { own, all, runs } = await started({}, { unknownJobs: 'dead' })
    await runs(raw('1', { class: 'Nobody' }), raw('2', { bid: 'b1' }), '{')
    assert.deepEqual(own, [])
    assert.deepEqual(
      all.map(({ jid, error }) => [jid, error.name]),
      [
        ['1', 'Unrunnable'],
        ['2', 'Unrunnable'],
      ],
    )
  })

  test('is told in the context in which the job was enqueued', async () => {
    const seen: unknown[] = []
    const { runs } = await started({ died: () => void seen.push(currentContext().tenant) })
    await runs(raw('1', { retry: 0, context: { tenant: 7 } }))
    assert.deepEqual(seen, [7])
  })
})

describe('the death of a job that ends processes', () => {
  const CRASHED: JobResult = { kind: 'crashed', cause: 'exit code 3' }
  const isolation = {
    runInProcess: async () => CRASHED,
    runInThread: async () => CRASHED,
    close: async () => {},
  }

  test('is told when its own process died once too often, and not before', async () => {
    const { stage, own, all, runs } = await started({}, { isolation })
    await runs(raw('1', { capstan_crash: { interruptions: 1, crashes: 0, causes: ['its process is gone'] } }))
    assert.equal(await dead(stage), 1)
    assert.deepEqual([own.length, all.length], [1, 1])
    assert.equal(all[0]!.error.name, 'ProcessDied')
    assert.match(all[0]!.error.message, /^its process died 2 times while it ran alone.*exit code 3$/)
  })

  test('is told by the worker that recovers it from a dead one and buries it', async () => {
    const neighbour = workerInfo('host-1:55:cccccccccccc', { hostname: 'host-1', bootId: 'boot-1' })
    const { stage, own, all } = await started({}, { host: hostOf({ stateOf: () => 'gone' }) })
    await stage.store.heartbeat(beatOf(neighbour, stage.clock.now()))
    const unlucky = raw('1', { queue: 'b', capstan_crash: { interruptions: 25, crashes: 0, causes: [] } })
    await stage.push('b', unlucky, raw('2', { queue: 'b' }))
    const { identity } = neighbour
    await stage.store.exchange({ identity, now: stage.clock.now(), settle: [], queues: ['b'], count: 2 })
    await stage.clock.advance(60_000)
    assert.equal(await dead(stage), 1)
    assert.deepEqual(
      all.map(({ jid, queue, error }) => [jid, queue, error.message]),
      [['1', 'b', '26 workers died while it ran: its process is gone']],
    )
    assert.deepEqual(own[0]!.args, ['1'])
  })
})

describe('a death handler', () => {
  for (const [how, broken] of [
    ['throws', fails],
    ['rejects', () => Promise.reject(new RangeError('too far'))],
  ] as const) {
    test(`that ${how} is logged; others are told, and the job is buried all the same`, async () => {
      const heard: string[] = []
      const later: DeathHandler = ({ jid }) => void heard.push(jid)
      const { stage, runs } = await started({ died: broken }, { deathHandlers: [broken, later] })
      await runs(raw('1', { retry: 0 }))
      const errors = stage.lines.filter(({ level }) => level === 'error')
      assert.deepEqual(
        errors.map(({ message, fields }) => [message, String(fields.error)]),
        Array(2).fill(['a death handler failed', 'RangeError: too far']),
      )
      assert.deepEqual([heard, await dead(stage)], [['1'], 1])
    })
  }

  test('holds no slot, and a worker that stops waits for it as for a job', async () => {
    const handled = Promise.withResolvers<void>()
    const { stage, worker, runs } = await started({ died: () => handled.promise })
    await runs(raw('1', { retry: 0 }))
    assert.deepEqual(worker.running(), [])
    void worker.stop()
    await stage.clock.advance(20_000)
    assert.equal(worker.state, 'draining')
    handled.resolve()
    await stage.settle()
    assert.equal(worker.state, 'stopped')
  })

  test('that never ends does not keep a worker past its drain', async () => {
    const { stage, worker, runs } = await started({ died: () => new Promise(() => {}) }, { drainMs: 5_000 })
    await runs(raw('1', { retry: 0 }))
    void worker.stop()
    await stage.clock.advance(5_000)
    assert.equal(worker.state, 'stopped')
  })
})

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { z } from 'zod'
import { currentContext, withContext } from '../../src/client/context.ts'
import { setDefaultClient } from '../../src/client/default-client.ts'
import { defineJob } from '../../src/client/define-job.ts'
import { EnqueueManyError } from '../../src/client/enqueue-many-error.ts'
import { EnqueueError } from '../../src/client/pusher.ts'
import { MAX_PAYLOAD_BYTES } from '../../src/job/payload.ts'
import { registry } from '../../src/job/registry.ts'
import { UsageError } from '../../src/kernel/errors.ts'
import type { PushBatch } from '../../src/store/transfer.ts'
import { Worker } from '../../src/worker/worker.ts'
import { capsuleInfo, down, hostOf, payloadOf, Stage, work } from './stage.ts'

const JOB = work(() => undefined, { queue: 'a' })

const usage = (code: string) => (error: unknown) => error instanceof UsageError && error.code === code

const slices = (stage: Stage) => stage.callsOf('push').map(({ asked }) => (asked[0] as PushBatch).jobs.length)

describe('Client.enqueue', () => {
  test('stores the job and answers with its jid', async () => {
    const stage = new Stage()
    const jid = await stage.client().enqueue(JOB, ['x', 1])
    assert.match(jid!, /^[0-9a-f]{24}$/)
    const [text] = await stage.queued('a')
    const seconds = (stage.clock.now() / 1000).toFixed(1)
    assert.equal(
      text,
      `{"class":"Work","retry":true,"queue":"a","args":["x",1],"jid":"${jid}","created_at":${seconds},"enqueued_at":${seconds}}`,
    )
  })

  test('a job for later waits in the schedule, without enqueued_at', async () => {
    const stage = new Stage()
    const at = stage.clock.now() + 1
    await stage.client().enqueue(JOB, ['x'], { at })
    const [entry] = await stage.entries('schedule')
    assert.equal(entry!.at, at)
    assert.equal('enqueued_at' in payloadOf(entry!.payload), false)
  })

  test('a moment that has come or gone means now', async () => {
    const stage = new Stage()
    await stage.client().enqueue(JOB, ['x'], { at: stage.clock.now() })
    await stage.client().enqueue(JOB, ['y'], { at: 0 })
    assert.equal((await stage.queued('a')).length, 2)
  })

  test('a moment that is none is refused before anything is sent', async () => {
    const stage = new Stage()
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, Number(new Date('soon'))]) {
      await assert.rejects(stage.client().enqueue(JOB, ['x'], { at }), usage('options.invalid'))
    }
    assert.deepEqual(stage.calls, [])
  })

  test('seconds since 1970 are refused: as milliseconds they would mean now', async () => {
    const stage = new Stage()
    const enqueued = stage.client().enqueue(JOB, ['x'], { at: 1_900_000_000 })
    await assert.rejects(enqueued, {
      code: 'options.invalid',
      message: /got 1900000000, which look like seconds$/,
    })
    assert.deepEqual(stage.calls, [])
  })

  test('another queue goes into the payload too; an impossible one is refused', async () => {
    const stage = new Stage()
    await stage.client().enqueue(JOB, ['x'], { queue: 'b' })
    assert.equal(payloadOf((await stage.queued('b'))[0]!).queue, 'b')
    await assert.rejects(stage.client().enqueue(JOB, ['x'], { queue: 'b c' }), usage('options.invalid'))
  })

  test('a repeat with the same token stores nothing and succeeds', async () => {
    const stage = new Stage()
    const client = stage.client()
    for (const _ of [1, 2]) await client.enqueue(JOB, ['x'], { token: 'order-7' })
    assert.equal((await stage.queued('a')).length, 1)
  })

  test('arguments that are not JSON, or too large, are refused before anything is sent', async () => {
    const stage = new Stage()
    const client = stage.client()
    await assert.rejects(client.enqueue(JOB, [new Date(0)]), usage('job.not_serializable'))
    await assert.rejects(client.enqueue(JOB, ['x'.repeat(MAX_PAYLOAD_BYTES)]), usage('job.too_large'))
    await assert.rejects(client.enqueue(JOB, ['€'.repeat(MAX_PAYLOAD_BYTES / 3)]), usage('job.too_large'))
    assert.deepEqual(stage.calls, [])
    await client.enqueue(JOB, ['€'.repeat(MAX_PAYLOAD_BYTES / 3 - 100)])
  })

  test('a store that is away: the error within 5 s says not stored', async () => {
    const stage = new Stage()
    stage.faults = down
    const failed = stage
      .client()
      .enqueue(JOB, ['x'])
      .catch((error: unknown) => error)
    const error = await stage.clock.run(failed, { forMs: 5_000 })
    assert.ok(error instanceof EnqueueError && error.code === 'store.not_stored')
  })
})

describe('Client with a schema', () => {
  const schema = z.tuple([z.string(), z.coerce.number()])
  const made = defineJob({ name: 'Work', queue: 'a', args: schema, run: () => undefined }).definition

  test('what it refuses is not sent', async () => {
    const stage = new Stage()
    await assert.rejects(stage.client().enqueue(made, [7, 1]), usage('job.invalid_arguments'))
    assert.deepEqual(stage.calls, [])
  })

  test('the arguments are stored as they were given: the worker makes of them what the schema says', async () => {
    const stage = new Stage()
    await stage.client().enqueue(made, ['x', '5'])
    assert.deepEqual(payloadOf((await stage.queued('a'))[0]!).args, ['x', '5'])
  })
})

describe('Client middleware', () => {
  test('may move a job to another queue and add to its context', async () => {
    const stage = new Stage()
    const client = stage.client({
      middleware: [
        (job, next) => {
          job.queue = 'b'
          job.context = { ...job.context, added: true }
          return next()
        },
      ],
    })
    await withContext({ tenant: 7 }, () => client.enqueue(JOB, ['x']))
    const { queue, context } = payloadOf((await stage.queued('b'))[0]!)
    assert.deepEqual([queue, context], ['b', { tenant: 7, added: true }])
  })

  test('one that keeps a job out: null, and nothing is sent', async () => {
    const stage = new Stage()
    const client = stage.client({ middleware: [() => undefined] })
    assert.equal(await client.enqueue(JOB, ['x']), null)
    assert.deepEqual(stage.calls, [])
  })

  test('a context that is not JSON is refused', async () => {
    const stage = new Stage()
    const enqueued = withContext({ since: new Date(0) }, () => stage.client().enqueue(JOB, ['x']))
    await assert.rejects(enqueued, usage('job.not_serializable'))
  })
})

describe('Client.enqueueMany', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => [index])

  for (const [count, expected] of [
    [0, []],
    [1, [1]],
    [1_000, [1_000]],
    [2_500, [1_000, 1_000, 500]],
  ] as const) {
    test(`${count} rows go in slices of a thousand, in order`, async () => {
      const stage = new Stage()
      assert.equal(await stage.client().enqueueMany(JOB, rows(count)), count)
      assert.deepEqual(slices(stage), expected)
      assert.deepEqual(
        (await stage.queued('a')).map((text) => payloadOf(text).args),
        rows(count),
      )
    })
  }

  test('an async source is read only as fast as the store takes it: never more than a slice ahead', async () => {
    const stage = new Stage()
    const stored = () => stage.state.entries({ queue: 'a' }).length
    let read = 0
    let furthestAhead = 0
    async function* source() {
      for (; read < 3_500; ) {
        read += 1
        furthestAhead = Math.max(furthestAhead, read - stored())
        yield [read]
      }
    }
    assert.equal(await stage.client().enqueueMany(JOB, source()), 3_500)
    assert.equal(furthestAhead, 1_000)
  })

  test('while the store hangs nothing more is read', async () => {
    const stage = new Stage()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    stage.faults = () => ({ hang })
    let read = 0
    const source = function* () {
      while (read < 5_000) yield [++read]
    }
    const stored = stage.client().enqueueMany(JOB, source())
    await stage.clock.advance(1_000)
    assert.equal(read, 1_000)
    release()
    assert.equal(await stage.clock.run(stored), 5_000)
  })

  test('counts only what was stored, not what a middleware kept out', async () => {
    const stage = new Stage()
    const client = stage.client({
      middleware: [(job, next) => (Number(job.args[0]) % 2 === 0 ? next() : undefined)],
    })
    assert.equal(await client.enqueueMany(JOB, rows(11)), 6)
    assert.equal((await stage.queued('a')).length, 6)
  })

  test('a bad row leaves the earlier slices stored and closes the source', async () => {
    const stage = new Stage()
    let closed = false
    function* source() {
      try {
        for (let row = 0; ; row++) yield [row === 1_500 ? Number.NaN : row]
      } finally {
        closed = true
      }
    }
    await assert.rejects(stage.client().enqueueMany(JOB, source()), (error) => {
      assert.ok(error instanceof EnqueueManyError)
      assert.deepEqual([error.code, error.rowsDone, error.retryable], ['job.not_serializable', 1_000, false])
      assert.match(error.message, /^row 1501: .*NaN.*; the 1000 rows before are stored$/)
      return true
    })
    assert.deepEqual([slices(stage), closed], [[1_000], true])
  })

  test('a store that takes no more leaves the earlier slices stored, and the error says how many rows are done', async () => {
    const stage = new Stage()
    stage.faults = (_method, nth) => (nth === 1 ? 'pass' : 'before')
    const stored = stage.client().enqueueMany(JOB, rows(2_500))
    await assert.rejects(stage.clock.run(stored), (error) => {
      assert.ok(error instanceof EnqueueManyError)
      assert.deepEqual([error.code, error.rowsDone, error.retryable], ['store.not_stored', 1_000, true])
      assert.match(error.message, /^rows 1001 to 2000 are not stored: .*; the 1000 rows before are stored$/)
      return true
    })
  })

  test('what the source of the rows throws comes out as it is', async () => {
    const broken = new Error('the file ended')
    async function* source(): AsyncGenerator<[number]> {
      yield [1]
      throw broken
    }
    await assert.rejects(new Stage().client().enqueueMany(JOB, source()), broken)
  })

  for (const [what, given] of [
    ['a number', 5],
    ['nothing', undefined],
    ['a text', 'ab'],
    ['rows that are no lists', ['a', 'b']],
  ] as const) {
    test(`${what} in place of rows is refused, and nothing is stored`, async () => {
      const stage = new Stage()
      const stored = stage.client().enqueueMany(JOB, given as never)
      await assert.rejects(stored, { code: 'job.invalid_arguments', message: /a list of arguments, got / })
      assert.deepEqual(stage.calls, [])
    })
  }

  test('a lost answer to a slice stores it once', async () => {
    const stage = new Stage()
    stage.faults = (_method, nth) => (nth === 2 ? 'after' : 'pass')
    assert.equal(await stage.clock.run(stage.client().enqueueMany(JOB, rows(2_000))), 2_000)
    assert.equal((await stage.queued('a')).length, 2_000)
  })

  test('all of them may be for later, in another queue', async () => {
    const stage = new Stage()
    const at = stage.clock.now() + 60_000
    await stage.client().enqueueMany(JOB, rows(3), { at, queue: 'b' })
    const entries = await stage.entries('schedule')
    assert.deepEqual(
      entries.map((entry) => [entry.at, payloadOf(entry.payload).queue]),
      new Array(3).fill([at, 'b']),
    )
  })
})

describe('from enqueue to run', () => {
  afterEach(() => setDefaultClient(null))

  test('the context around enqueue is the context around run, and nothing leaks to the next job', async () => {
    const stage = new Stage()
    const seen: unknown[] = []
    const job = defineJob({ name: 'Seen', queue: 'a', run: () => void seen.push(currentContext()) })
    setDefaultClient(stage.client())
    await withContext({ tenant: 7, locale: 'de' }, () => job.enqueue())
    await job.enqueue()
    const worker = new Worker(stage.runtime, stage.line, {
      capsules: [capsuleInfo(1)],
      registry: registry([job.definition]),
      host: hostOf(),
      version: '0',
    })
    await worker.start()
    await stage.settle()
    assert.deepEqual(seen, [{ tenant: 7, locale: 'de' }, {}])
    await stage.clock.run(worker.stop())
  })
})

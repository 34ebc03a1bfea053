import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { defineJob } from '../../src/client/define-job.ts'
import type { Definition, JobContext } from '../../src/job/definition.ts'
import { discard, kill, snooze } from '../../src/job/outcome.ts'
import { parsePayload } from '../../src/job/payload.ts'
import { registry } from '../../src/job/registry.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import { Executor, type ExecutorOptions } from '../../src/worker/executor.ts'
import type { JobResult } from '../../src/worker/job-result.ts'
import { JobAborted, RunningJob } from '../../src/worker/running-job.ts'
import { raw, Stage, work } from './stage.ts'

const STOPPING = new JobAborted('job.worker_stopping', 'the worker stops')
const LOST = new JobAborted('job.lease_lost', 'gone')

function begin(
  made: Definition,
  { payload = raw('1'), ...options }: Omit<Partial<ExecutorOptions>, 'registry'> & { payload?: string } = {},
) {
  const stage = new Stage()
  const executor = new Executor(stage.runtime, { registry: registry([made]), ...options })
  const claim = { token: 't', queue: 'a', payload }
  const job = new RunningJob(claim, parsePayload(payload), stage.clock.now())
  return { stage, job, result: executor.execute(job) }
}

const resultOf = async (made: Definition, payload?: string): Promise<JobResult> =>
  begin(made, payload === undefined ? {} : { payload }).result

/** A job that fails with what its aborted signal says. */
const obedient = (fail: (context: JobContext) => unknown) =>
  work(async (_jid, context) => {
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    throw fail(context)
  })

describe('Executor: jobs that cannot run', () => {
  test('a malformed payload: unrunnable, with the reason', async () => {
    const never = work(() => assert.fail('ran'))
    assert.deepEqual(await resultOf(never, '{'), { kind: 'unrunnable', reason: 'not valid JSON' })
  })

  test('a class that nobody defined: unrunnable, naming it', async () => {
    const result = await resultOf(
      work(() => assert.fail('ran')),
      raw('1', { class: 'Nobody"s' }),
    )
    assert.deepEqual(result, { kind: 'unrunnable', reason: 'no job is called "Nobody\\"s" in this worker' })
  })

  for (const [unknownJobs, kind] of [
    ['return', 'unknown'],
    ['dead', 'unrunnable'],
    ['retry', 'failed'],
  ] as const) {
    test(`by the rule ${unknownJobs}, it is ${kind}`, async () => {
      const never = work(() => assert.fail('ran'))
      const { result } = begin(never, { payload: raw('1', { class: 'Nobody' }), unknownJobs })
      assert.equal((await result).kind, kind)
    })
  }
})

describe('Executor: expiry', () => {
  const at = (secondsAgo: number, field: string, expires_in: unknown = 60) => {
    const now = new Stage().clock.now()
    return raw('1', { created_at: 1, [field]: now / 1000 - secondsAgo, expires_in })
  }
  const ran = work(() => 'ran')

  for (const field of ['enqueued_at', 'created_at']) {
    test(`a job is dropped when its time since ${field} is over, and not at that very moment`, async () => {
      assert.equal((await resultOf(ran, at(60, field))).kind, 'done')
      assert.deepEqual(await resultOf(ran, at(60.001, field)), {
        kind: 'discarded',
        reason: 'expired before it began',
      })
    })
  }

  test('without a limit, or with an enqueued_at that nobody understands, it runs', async () => {
    assert.equal((await resultOf(ran, at(1e9, 'enqueued_at', null))).kind, 'done')
    assert.equal((await resultOf(ran, raw('1', { enqueued_at: 'x', expires_in: 1 }))).kind, 'done')
  })
})

describe('Executor: results', () => {
  test('a job gets its arguments and its context', async () => {
    const seen: unknown[] = []
    const made = work((jid, { attempt, job, queue }) => void seen.push(jid, attempt, job, queue))
    assert.deepEqual(await resultOf(made, raw('7', { retry_count: 0 })), { kind: 'done' })
    assert.deepEqual(seen, ['7', 2, 'Work', 'a'])
  })

  for (const [name, value, result] of [
    ['nothing', undefined, { kind: 'done' }],
    ['a value that looks like an outcome', { kind: 'kill', reason: 'x' }, { kind: 'done' }],
    ['snooze', snooze('2s'), { kind: 'snoozed', ms: 2_000 }],
    ['discard', discard('old'), { kind: 'discarded', reason: 'old' }],
    ['kill', kill('odd'), { kind: 'killed', reason: 'odd' }],
  ] as const) {
    test(`${name} returned, at once or later: ${result.kind}`, async () => {
      assert.deepEqual(await resultOf(work(() => value)), result)
      assert.deepEqual(await resultOf(work(async () => value)), result)
    })
  }

  test('what it throws, at once or later, is its failure', async () => {
    const thrown = new RangeError('boom')
    for (const made of [
      work(() => {
        throw thrown
      }),
      work(async () => Promise.reject(thrown)),
    ]) {
      const result = await resultOf(made)
      assert.equal(result.kind, 'failed')
      assert.ok('error' in result && result.error.thrown === thrown && result.error.name === 'RangeError')
    }
  })
})

describe('Executor: schemas', () => {
  const seen: unknown[] = []
  const checked = defineJob({
    name: 'Work',
    args: z.tuple([z.string(), z.coerce.number().default(9)]),
    run: (args) => void seen.push(args),
  }).definition

  test('the job gets what the schema makes of the arguments', async () => {
    assert.equal((await resultOf(checked, raw('1', { args: ['x', '5'] }))).kind, 'done')
    assert.deepEqual(seen.pop(), ['x', 5])
  })

  test('arguments that it refuses are a failure that can be retried, and the job does not run', async () => {
    const result = await resultOf(checked, raw('1', { args: [5] }))
    assert.ok(result.kind === 'failed' && result.error.message.startsWith('Work: args[0]: '))
    assert.deepEqual(seen, [])
  })
})

describe('Executor: signals', () => {
  test('the signal aborts at the timeout and not before; what follows is a failure that says so', async () => {
    let heard: AbortSignal | null = null
    const made = work(
      async (_jid, { signal }) => {
        heard = signal
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw signal.reason
      },
      { timeout: '2s' },
    )
    const { stage, result } = begin(made)
    await stage.clock.advance(1_999)
    assert.equal(heard!.aborted, false)
    await stage.clock.advance(1)
    const settled = await result
    assert.ok(settled.kind === 'failed')
    assert.deepEqual([settled.error.name, settled.error.message], ['JobAborted', 'ran longer than 2000 ms'])
  })

  test('a job that blocked past its timeout could not be told; the log says so', async () => {
    const made = work(
      () => {
        for (const begun = Date.now(); Date.now() - begun < 20; );
      },
      { timeout: '5ms' },
    )
    const lines: unknown[] = []
    const logger = { ...silentLogger, warn: (message: string) => lines.push(message) }
    const executor = new Executor(systemRuntime(logger), { registry: registry([made]) })
    const payload = raw('1')
    const job = new RunningJob({ token: 't', queue: 'a', payload }, parsePayload(payload), Date.now())
    assert.equal((await executor.execute(job)).kind, 'done')
    assert.match(String(lines), /^a job ran past its timeout and could not be told so: /)
  })

  test('a job that ends in time leaves no timer behind', async () => {
    const { stage, result } = begin(work(() => 'quick', { timeout: '1h' }))
    await result
    assert.equal(stage.clock.sleeping, 0)
  })

  test('a job that ends well after its signal aborted is done', async () => {
    const { job, result } = begin(
      work(async (_jid, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return 'saved'
      }),
    )
    job.abort(STOPPING)
    assert.deepEqual(await result, { kind: 'done' })
  })

  for (const [name, fail] of [
    ['the reason itself', ({ signal }: JobContext) => signal.reason],
    ['an error caused by it', ({ signal }: JobContext) => new Error('x', { cause: signal.reason })],
    ['an AbortError', () => new DOMException('aborted', 'AbortError')],
  ] as const) {
    test(`${name}, thrown because the worker stops, is an interruption and no failure`, async () => {
      const { job, result } = begin(obedient(fail))
      job.abort(STOPPING)
      assert.deepEqual(await result, { kind: 'interrupted' })
    })
  }

  test('an error of another kind while the worker stops is a failure', async () => {
    const { job, result } = begin(obedient(() => new RangeError('a bug')))
    job.abort(STOPPING)
    const settled = await result
    assert.ok(settled.kind === 'failed' && settled.error.message === 'a bug')
  })

  test('an AbortError without an aborted signal is a failure', async () => {
    const made = work(() => {
      throw new DOMException('aborted', 'AbortError')
    })
    assert.equal((await resultOf(made)).kind, 'failed')
  })

  test('a lost lease is no interruption', async () => {
    const { job, result } = begin(obedient(({ signal }) => signal.reason))
    job.abort(LOST)
    assert.equal((await result).kind, 'failed')
  })
})

describe('Executor: middleware and isolation', () => {
  test('middleware runs around the job, in order, and sees its payload', async () => {
    const trace: string[] = []
    const layer =
      (name: string) => async (run: { payload: { jid: string } }, next: () => Promise<unknown>) => {
        trace.push(`${name} in ${run.payload.jid}`)
        const value = await next()
        trace.push(`${name} out`)
        return value
      }
    const made = work(() => {
      trace.push('job')
      return snooze(5)
    })
    const { result } = begin(made, { middleware: [layer('a'), layer('b')] })
    assert.deepEqual(await result, { kind: 'snoozed', ms: 5 })
    assert.deepEqual(trace, ['a in 1', 'b in 1', 'job', 'b out', 'a out'])
  })

  test('what a middleware throws is the failure, what it swallows is none', async () => {
    const made = work(() => {
      throw new RangeError('job')
    })
    const swallow = begin(made, { middleware: [(_run, next) => next().catch(() => undefined)] })
    assert.deepEqual(await swallow.result, { kind: 'done' })
    const broken = begin(
      work(() => 'fine'),
      { middleware: [() => Promise.reject(new TypeError('middleware'))] },
    )
    assert.equal((await broken.result).kind, 'failed')
  })

  test('a suspect runs in a process of its own, a job that asks for it in a thread, others here', async () => {
    const isolation = {
      runInProcess: async (): Promise<JobResult> => ({ kind: 'crashed', cause: 'process' }),
      runInThread: async (_job: RunningJob, timeoutMs: number | null): Promise<JobResult> => ({
        kind: 'discarded',
        reason: `thread ${timeoutMs}`,
      }),
      close: async () => undefined,
    }
    const suspect = raw('1', { capstan_crash: { interruptions: 1, crashes: 0, causes: [] } })
    const thread = work(() => assert.fail('ran here'), { isolate: 'thread', timeout: '1s' })
    const here = work(() => kill('here'))
    const resultIn = async (made: Definition, payload: string) => begin(made, { isolation, payload }).result
    assert.deepEqual(await resultIn(here, suspect), { kind: 'crashed', cause: 'process' })
    assert.deepEqual(await resultIn(thread, suspect), { kind: 'crashed', cause: 'process' })
    assert.deepEqual(await resultIn(thread, raw('1')), { kind: 'discarded', reason: 'thread 1000' })
    assert.deepEqual(await resultIn(here, raw('1')), { kind: 'killed', reason: 'here' })
  })
})

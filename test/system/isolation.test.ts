import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parsePayload } from '../../src/job/payload.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { type Logger, silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { type IsolationOptions, isolation } from '../../src/worker/isolation/isolation.ts'
import type { Isolation } from '../../src/worker/isolation.ts'
import type { JobResult } from '../../src/worker/job-result.ts'
import { JobAborted, RunningJob } from '../../src/worker/running-job.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const ENTRY = join(FIXTURES, 'isolation-entry.ts')
const DEADLINE = { timeout: 60_000 }
const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }

let tokens = 0
const job = (name: string, ...args: unknown[]) => claimed({ class: name, args })
/** A job under which a process of its own has died before. */
const charged = (name: string) => claimed({ class: name, args: [], capstan_crash: { crashes: 1 } })

function claimed(parts: object): RunningJob {
  tokens += 1
  const payload = JSON.stringify({ ...parts, jid: `jid-${tokens}` })
  const claim = { token: `token-${tokens}`, queue: 'default', payload }
  return new RunningJob(claim, parsePayload(payload), systemClock.now())
}

function cells(options: Partial<IsolationOptions> = {}): Isolation {
  return isolation(runtime, { entry: ENTRY, ...options })
}

/** What a job told as the reason why it may be discarded. */
function told(result: JobResult): Record<string, unknown> {
  assert.equal(result.kind, 'discarded')
  return JSON.parse((result as { reason: string }).reason)
}

function causeOf(result: JobResult): string {
  assert.equal(result.kind, 'crashed', JSON.stringify(result))
  return (result as { cause: string }).cause
}

function errorOf(result: JobResult): { name: string; message: string; stack: string | null } {
  assert.equal(result.kind, 'failed', JSON.stringify(result))
  return (result as { error: { name: string; message: string; stack: string | null } }).error
}

const STOPPING = new JobAborted('job.worker_stopping', 'the worker stops')
const LOST = new JobAborted('job.lease_lost', 'given to another worker')

let folder: string
let files = 0
/** A file that a job makes when it has begun. */
const fresh = () => join(folder, String(files++))

/** The pid in such a file. */
async function begun(file: string): Promise<number> {
  await eventually(() => existsSync(file), 'the job begins')
  return Number(readFileSync(file, 'utf8'))
}

async function eventually(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!isSo()) {
    assert.ok(Date.now() < deadline, `in vain: ${what}`)
    await delay(10)
  }
}

let shared: Isolation
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-isolation-'))
  shared = cells({ argv: ['--config', 'a b'] })
})
after(async () => {
  await shared.close()
  rmSync(folder, { recursive: true })
})

type Way = 'runInProcess' | 'runInThread'
const run = (way: Way, running: RunningJob, on = shared) =>
  way === 'runInProcess' ? on.runInProcess(running) : on.runInThread(running, null)

for (const way of ['runInProcess', 'runInThread'] as const) {
  describe(way, () => {
    test(
      'a job gets its arguments and the program its own, and the result comes back',
      DEADLINE,
      async () => {
        const { args, argv, pid, isMainThread } = told(await run(way, job('where', 'ü', { n: 1 })))
        assert.deepEqual(
          [args, argv],
          [
            ['ü', { n: 1 }],
            ['--config', 'a b'],
          ],
        )
        assert.equal(pid === process.pid, way === 'runInThread')
        assert.equal(isMainThread, way === 'runInProcess')
      },
    )

    test('what a job asks for comes back', DEADLINE, async () => {
      assert.deepEqual(await run(way, job('snooze')), { kind: 'snoozed', ms: 5_000 })
    })

    test('the error of a job comes back with name, message and stack', DEADLINE, async () => {
      const { name, message, stack } = errorOf(await run(way, job('fail')))
      assert.deepEqual([name, message], ['RangeError', 'too far'])
      assert.match(stack!, /RangeError: too far\n.*isolation-entry\.ts/)
    })

    test('a job that exits crashed, with the exit code', DEADLINE, async () => {
      assert.equal(causeOf(await run(way, job('exit', 3))), 'exit code 3')
      assert.equal(causeOf(await run(way, job('exit', 0))), 'exit code 0')
    })

    test('an error that nobody caught is in the cause', DEADLINE, async () => {
      assert.match(causeOf(await run(way, job('stray'))), /TypeError: nobody caught me/)
    })

    test('a job is told to break off, and why', DEADLINE, async () => {
      const file = fresh()
      const running = job('wait', file)
      const result = run(way, running)
      await begun(file)
      running.abort(LOST)
      assert.deepEqual(errorOf(await result).message, LOST.message)
    })

    test('a job that breaks off because its worker stops is interrupted', DEADLINE, async () => {
      const file = fresh()
      const running = job('wait', file)
      const result = run(way, running)
      await begun(file)
      running.abort(STOPPING)
      assert.deepEqual(await result, { kind: 'interrupted' })
    })

    test('a job whose cell ends while the worker stops is interrupted, not crashed', DEADLINE, async () => {
      const file = fresh()
      const running = job('pause', 60_000, file)
      const own = cells()
      const result = run(way, running, own)
      await begun(file)
      running.abort(STOPPING)
      await own.close()
      assert.deepEqual(await result, { kind: 'interrupted' })
    })

    test('closing ends a job that holds the processor', DEADLINE, async () => {
      const own = cells()
      const file = fresh()
      const result = run(way, job('spin', 50_000, file), own)
      await begun(file)
      await own.close()
      assert.deepEqual(await result, { kind: 'interrupted' })
    })

    test(
      'no more jobs run at a time than there are cells, and the rest wait in order',
      DEADLINE,
      async () => {
        const own = cells({ cells: 1 })
        const results = await Promise.all([1, 2, 3].map(() => run(way, job('pause', 50), own)))
        const spans = results.map(told) as { begun: number; ended: number }[]
        assert.ok(
          spans[0]!.ended <= spans[1]!.begun && spans[1]!.ended <= spans[2]!.begun,
          JSON.stringify(spans),
        )
        await own.close()
      },
    )

    test('a waiting job can be told to break off, and others get its turn', DEADLINE, async () => {
      const own = cells({ cells: 1 })
      const first = run(way, job('pause', 200), own)
      const [stopped, lost, last] = [job('where'), job('where'), job('where')]
      const results = [stopped, lost, last].map((waiting) => run(way, waiting, own))
      stopped.abort(STOPPING)
      lost.abort(LOST)
      assert.deepEqual(await results[0], { kind: 'interrupted' })
      assert.equal(errorOf((await results[1])!).message, LOST.message)
      told(await first)
      told((await results[2])!)
      await own.close()
    })

    test('closing interrupts what waits, and what comes later', DEADLINE, async () => {
      const own = cells({ cells: 1 })
      const results = [job('pause', 60_000), job('where')].map((each) => run(way, each, own))
      await own.close()
      for (const result of results) assert.deepEqual(await result, { kind: 'interrupted' })
      assert.deepEqual(await run(way, job('where'), own), { kind: 'interrupted' })
    })

    for (const [what, options, why] of [
      ['that throws while it loads', { argv: ['broken'] }, /exit code 1|no database/],
      ['that exits', { argv: ['exits'] }, /exit code 7/],
      ['that is not there', { entry: join(FIXTURES, 'nowhere.ts') }, /exit code 1|Cannot find module/],
      ['that never serves', { entry: join(FIXTURES, 'serves-nothing.ts') }, /exit code 0/],
    ] as const) {
      test(`a program ${what} is neither a failure of the job nor its crash`, DEADLINE, async () => {
        const own = cells(options)
        const result = await run(way, job('where'), own)
        assert.equal(result.kind, 'unstarted')
        assert.match((result as { reason: string }).reason, why)
        await own.close()
      })
    }
  })
}

describe('a process', () => {
  test('that is killed is a crash, with the signal', DEADLINE, async () => {
    assert.equal(causeOf(await shared.runInProcess(job('kill', 'SIGKILL'))), 'killed by SIGKILL')
    assert.match(causeOf(await shared.runInProcess(job('abort'))), /^killed by SIGABRT/)
  })

  test('is kept a moment for the next suspect', DEADLINE, async () => {
    const own = cells({ cells: 1 })
    const pids = [await own.runInProcess(job('where')), await own.runInProcess(job('where'))].map(
      (result) => told(result).pid,
    )
    assert.equal(pids[0], pids[1])
    await own.close()
  })

  test(
    'is used by one job alone when that is charged, so that nothing of another convicts it',
    DEADLINE,
    async () => {
      const own = cells({ cells: 1 })
      told(await own.runInProcess(job('where')))
      assert.deepEqual(await own.runInProcess(charged('late')), { kind: 'done' })
      const pids = [await own.runInProcess(charged('where')), await own.runInProcess(charged('where'))].map(
        (result) => told(result).pid,
      )
      assert.notEqual(pids[0], pids[1])
      await own.close()
    },
  )

  test('does not end at the signals that stop its worker', DEADLINE, async () => {
    assert.deepEqual(await shared.runInProcess(job('ignoreStop')), { kind: 'done' })
  })

  test('is gone when it is closed', DEADLINE, async () => {
    const own = cells()
    const { pid } = told(await own.runInProcess(job('where')))
    await own.close()
    assert.equal(isAlive(Number(pid)), false)
  })

  for (const name of ['wait', 'spin']) {
    test(`is gone soon after its worker was killed, also in a job that ${name}s`, DEADLINE, async () => {
      const file = fresh()
      const args = [name, ...(name === 'spin' ? ['50000'] : []), JSON.stringify(file)]
      const parent = spawn(process.execPath, [join(FIXTURES, 'isolation-parent.ts'), ...args])
      const pid = await begun(file)
      assert.equal(isAlive(pid), true)
      parent.kill('SIGKILL')
      await eventually(() => !isAlive(pid), 'the cell ends')
    })
  }
})

describe('a thread', () => {
  test('is kept for the next job', DEADLINE, async () => {
    const own = cells()
    const ids = [await own.runInThread(job('where'), null), await own.runInThread(job('where'), null)].map(
      (result) => told(result).threadId,
    )
    assert.equal(ids[0], ids[1])
    await own.close()
  })

  test('that holds the processor is ended at its timeout, while this loop turns', DEADLINE, async () => {
    const own = cells({ cells: 1 })
    // So that the thread is there, and only the job is timed.
    await own.runInThread(job('where'), null)
    const begun = performance.now()
    let turns = 0
    const ticking = setInterval(() => turns++, 10)
    const { name, message } = errorOf(await own.runInThread(job('spin', 40_000), 300))
    clearInterval(ticking)
    const elapsed = performance.now() - begun
    assert.deepEqual([name, message], ['JobAborted', 'ran longer than 300 ms; its thread was ended'])
    assert.ok(elapsed >= 1_290 && elapsed < 10_000, `${elapsed} ms`)
    assert.ok(turns > 20, `${turns} turns`)
    told(await own.runInThread(job('where'), null))
    await own.close()
  })

  test('whose job listens to its signal is not ended at the timeout', DEADLINE, async () => {
    const { message } = errorOf(await shared.runInThread(job('wait'), 200))
    assert.equal(message, 'ran longer than 200 ms')
  })

  test('that fills its heap is a crash of the job alone', DEADLINE, async () => {
    const own = cells({ threadHeapMib: 64 })
    assert.match(causeOf(await own.runInThread(job('hoard'), null)), /memory/)
    await own.close()
  })

  test('that an earlier job ends later is replaced', DEADLINE, async () => {
    const errors: unknown[] = []
    const logger: Logger = { ...silentLogger, error: (message, fields) => errors.push([message, fields]) }
    const own = isolation({ ...runtime, logger }, { entry: ENTRY, cells: 1 })
    assert.deepEqual(await own.runInThread(job('late'), null), { kind: 'done' })
    await eventually(() => errors.length > 0, 'the end of the thread is logged')
    assert.deepEqual(errors, [
      ['what a job left behind ended its process or thread', { cause: 'TypeError: left behind' }],
    ])
    told(await own.runInThread(job('where'), null))
    await own.close()
  })
})

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCell } from '../../bench/faults/cell.ts'
import { parsedLine } from '../../bench/faults/diary.ts'
import type { Fault } from '../../bench/faults/fault.ts'
import { runsOf } from '../../bench/faults/runs.ts'
import { capstanSqlite } from '../../bench/faults/systems/capstan-sqlite.ts'

const SEED = 1
const JOBS = 40

/** A kill like those of bin/faults, small enough for every run of the tests. */
const oneKill: Fault = {
  name: 'one-kill',
  title: () => 'worker killed once',
  inapplicable: () => null,
  async run(scene) {
    // Two seconds of work: however late the kill comes on a busy machine, it hits jobs.
    await scene.enqueue({ jobMs: 500, count: JOBS })
    const worker = scene.keepWorker()
    await scene.nextBegin()
    await worker.current.end('SIGKILL')
    return { note: `restarted ×${worker.restarts}` }
  },
}

test(`a worker killed among ${JOBS} jobs on SQLite loses none and breaks no promise (seed ${SEED})`, async () => {
  const outcome = await runCell(capstanSqlite, oneKill, { seed: SEED, isQuick: true })
  assert.deepEqual(outcome.broken, [])
  const { accepted, done, left, lost, overlapping, markedFailed } = outcome
  assert.deepEqual(
    { accepted, done, left, lost, overlapping, markedFailed },
    { accepted: JOBS, done: JOBS, left: 0, lost: 0, overlapping: 0, markedFailed: 0 },
  )
  assert.ok(outcome.interrupted > 0, 'the kill hit jobs')
})

describe('what the diary of the jobs tells', () => {
  const read = (text: string, deaths: Record<number, number> = {}) =>
    runsOf(
      text
        .split('\n')
        .map((line) => line.trim())
        .map(parsedLine),
      new Map(Object.entries(deaths).map(([pid, at]) => [Number(pid), at])),
    )

  test('a job that begins again after its process has died was interrupted, and waited since then', () => {
    const runs = read(
      `begin job1 10 1000
       begin job1 11 1700
       end job1 11 1800`,
      { 10: 1200 },
    )
    assert.deepEqual([...runs.overlapping], [])
    assert.deepEqual(runs.interruptedMs, [500])
    assert.equal(runs.ended.get('job1'), 1)
  })

  test('a job that begins elsewhere before its process has died overlaps', () => {
    const runs = read(
      `begin job1 10 1000
       begin job1 11 1100
       end job1 11 1150`,
      { 10: 1200 },
    )
    assert.deepEqual([...runs.overlapping], ['job1'])
    assert.deepEqual(runs.overlapMs, [100])
  })

  test('a process that says it is gone is gone, however late its end is noticed', () => {
    const runs = read(
      `begin job1 10 1000
       gone - 10 1050
       begin job1 11 1100
       end job1 11 1150`,
      { 10: 1200 },
    )
    assert.deepEqual([[...runs.overlapping], runs.interruptedMs], [[], [50]])
  })

  test('a job that ends in a process after it began in another overlaps, whatever is known of them', () => {
    const runs = read(
      `begin job1 10 1000
       begin job1 11 1100
       end job1 10 1150
       end job1 11 1160`,
    )
    assert.deepEqual([...runs.overlapping], ['job1'])
    assert.equal(runs.ended.get('job1'), 2)
  })

  test('a job that ended and runs again is done twice, not overlapping', () => {
    const runs = read(
      `begin job1 10 1000
       end job1 10 1100
       begin job1 11 1200
       end job1 11 1300`,
      { 10: 1150 },
    )
    assert.deepEqual([[...runs.overlapping], runs.interruptedMs], [[], []])
    assert.equal(runs.ended.get('job1'), 2)
  })
})

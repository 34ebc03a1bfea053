import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jobError } from '../job/failure.ts'
import type { JobResult } from './job-result.ts'
import { Tally } from './tally.ts'

const COUNTED: ReadonlyArray<readonly [JobResult, processed: number, failed: number]> = [
  [{ kind: 'done' }, 1, 0],
  [{ kind: 'failed', error: jobError(new Error('x')) }, 1, 1],
  [{ kind: 'snoozed', ms: 1 }, 1, 0],
  [{ kind: 'discarded', reason: 'x' }, 1, 0],
  [{ kind: 'killed', reason: 'x' }, 1, 1],
  [{ kind: 'crashed', cause: 'x' }, 1, 1],
  [{ kind: 'interrupted' }, 0, 0],
  [{ kind: 'unstarted', reason: 'x' }, 0, 0],
  [{ kind: 'unknown', reason: 'x', isAwaited: true }, 0, 0],
  [{ kind: 'unrunnable', reason: 'x' }, 0, 0],
]

describe('Tally', () => {
  for (const [result, processed, failed] of COUNTED) {
    test(`${result.kind} counts ${processed} as processed and ${failed} as failed`, () => {
      const tally = new Tally()
      tally.add(result, 'A', 10)
      assert.deepEqual(tally.take(), { processed, failed })
    })
  }

  test('counts add up, and once taken they begin again at zero', () => {
    const tally = new Tally()
    for (const [result] of COUNTED) tally.add(result, 'A', 10)
    assert.deepEqual(tally.take(), { processed: 6, failed: 3 })
    assert.deepEqual(tally.take(), { processed: 0, failed: 0 })
  })

  test('classes are counted only once they were asked for, with the times of what succeeded', () => {
    const tally = new Tally()
    tally.add({ kind: 'done' }, 'A', 10)
    assert.equal(tally.take().executions, undefined)
    tally.countClasses(true)
    tally.add({ kind: 'done' }, 'A', 25)
    tally.add({ kind: 'crashed', cause: 'x' }, 'A', 9_000)
    tally.add({ kind: 'interrupted' }, 'B', 5)
    const histogram = new Array<number>(26).fill(0).with(1, 1)
    const executions = [{ name: 'A', processed: 2, failed: 1, elapsedMs: 25, histogram }]
    assert.deepEqual(tally.take(), { processed: 2, failed: 1, executions })
    assert.equal(tally.take().executions, undefined)
  })
})

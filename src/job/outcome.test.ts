import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { discard, isOutcome, kill, type Outcome, snooze } from './outcome.ts'

const facts = ({ ...outcome }: Outcome): Record<string, unknown> => JSON.parse(JSON.stringify(outcome))

describe('outcome', () => {
  test('snooze, discard and kill are outcomes that say what they ask for', () => {
    assert.deepEqual(facts(snooze('2m')), { kind: 'snooze', ms: 120_000 })
    assert.deepEqual(facts(discard('too late')), { kind: 'discard', reason: 'too late' })
    assert.deepEqual(facts(kill('look at me')), { kind: 'kill', reason: 'look at me' })
    for (const outcome of [snooze(0), discard('x'), kill('x')]) assert.equal(isOutcome(outcome), true)
  })

  test('a value that merely looks like one is none', () => {
    for (const value of [undefined, null, 'kill', 0, {}, { kind: 'kill', reason: 'x' }, facts(kill('x'))]) {
      assert.equal(isOutcome(value), false)
    }
  })

  test('a snooze of no understandable length is refused', () => {
    assert.throws(() => snooze('soon'), UsageError)
    assert.throws(() => snooze(-1), UsageError)
  })
})

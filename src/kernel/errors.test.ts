import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CapstanError, InternalError, messageOf, StoreError, UsageError } from './errors.ts'

describe('CapstanError', () => {
  test('an error is known by its class, its code and its name', () => {
    for (const Family of [UsageError, StoreError, InternalError]) {
      const error = new Family('some.code', 'what happened')
      assert.ok(error instanceof CapstanError && error instanceof Error)
      assert.deepEqual([error.name, error.code, error.message], [Family.name, 'some.code', 'what happened'])
    }
  })

  test('is not retryable and has no cause unless it says so', () => {
    const error = new StoreError('a', 'b')
    assert.equal(error.retryable, false)
    assert.equal('cause' in error, false)
  })

  test('keeps whether it is retryable, and its cause', () => {
    const cause = new Error('below')
    const error = new StoreError('a', 'b', { retryable: true, cause })
    assert.equal(error.retryable, true)
    assert.equal(error.cause, cause)
  })
})

describe('messageOf', () => {
  test('is the message of an error and the text of anything else', () => {
    assert.deepEqual(
      [messageOf(new RangeError('too far')), messageOf('plain'), messageOf(undefined), messageOf(7)],
      ['too far', 'plain', 'undefined', '7'],
    )
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { suggest } from './suggest.ts'

const KNOWN = ['queue', 'retry', 'timeout', 'expiresIn']

describe('suggest', () => {
  for (const [word, meant] of [
    ['queu', 'queue'],
    ['qeue', 'queue'],
    ['retrys', 'retry'],
    ['TIMEOUT', 'timeout'],
    ['time_out', 'timeout'],
    ['expires', 'expiresIn'],
    ['concurrency', null],
    ['xyz', null],
    ['', null],
  ] as const) {
    test(`${word || 'nothing'} means ${meant ?? 'none of them'}`, () => {
      assert.equal(suggest(word, KNOWN), meant)
    })
  }

  test('of two that are equally close, the first is named', () => {
    assert.equal(suggest('cat', ['car', 'can']), 'car')
  })

  test('knows nothing where nothing is known', () => {
    assert.equal(suggest('queue', []), null)
  })
})

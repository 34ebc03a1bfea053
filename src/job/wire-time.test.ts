import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { seededRandom } from '../kernel/random.ts'
import { readWireTime, wireSeconds } from './wire-time.ts'

const AT = 1_795_492_274_768

describe('wireSeconds', () => {
  for (const [at, text] of [
    [AT, '1795492274.768'],
    [1_795_492_274_000, '1795492274.0'],
    [1_795_492_270_000, '1795492270.0'],
    [1_795_492_274_700, '1795492274.7'],
    [0, '0.0'],
    [1, '0.001'],
    [1_795_492_274_768.25, '1795492274.768'],
  ] as const) {
    test(`${at} ms is written ${text}: there is a fraction, without a zero at its end`, () => {
      assert.equal(wireSeconds(at), text)
    })
  }

  test('what was written is read as the same millisecond (seed 11)', () => {
    const random = seededRandom(11)
    for (let round = 0; round < 5_000; round++) {
      const at = 1_600_000_000_000 + Math.floor(random.float() * 400_000_000_000)
      assert.equal(readWireTime(JSON.parse(wireSeconds(at))), at)
    }
  })
})

describe('readWireTime', () => {
  for (const [name, value, at] of [
    ['float seconds', 1795492274.75, 1_795_492_274_750],
    ['whole seconds', 1_795_492_274, 1_795_492_274_000],
    ['whole milliseconds', AT, AT],
    ['the last moment in seconds', 99_999_999_999, 99_999_999_999_000],
    ['the first moment in milliseconds', 100_000_000_000, 100_000_000_000],
    ['seconds as text', '1795492274.75', 1_795_492_274_750],
    ['milliseconds as text', '1795492274768', AT],
    ['ISO 8601', '2026-11-24T03:51:14.768Z', AT],
    ['ISO 8601 with an offset', '2026-11-24T04:51:14.768+01:00', AT],
    ['zero', 0, 0],
  ] as const) {
    test(`${name} are understood: ${JSON.stringify(value)}`, () => {
      assert.equal(readWireTime(value), at)
    })
  }

  for (const value of [undefined, null, '', 'yesterday-ish', true, {}, []]) {
    test(`${JSON.stringify(value)} is nothing that can be understood`, () => {
      assert.equal(readWireTime(value), null)
    })
  }
})

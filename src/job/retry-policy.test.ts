import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Random } from '../kernel/random.ts'
import { seededRandom } from '../kernel/random.ts'
import { DEFAULT_RETRIES, retryDelayMs, retryLimit } from './retry-policy.ts'

const DAY_MS = 86_400_000
const always = (float: number): Random => ({ float: () => float, hex: () => '' })

describe('retryDelayMs', () => {
  for (const [retries, leastMs] of [
    [0, 15_000],
    [1, 16_000],
    [2, 31_000],
    [3, 96_000],
    [10, 10_015_000],
    [24, 331_791_000],
  ] as const) {
    test(`after ${retries} earlier failures: ${leastMs} ms and up to ${10 * (retries + 1)} s more`, () => {
      assert.equal(retryDelayMs(retries, always(0)), leastMs)
      const most = leastMs + 10_000 * (retries + 1)
      assert.equal(retryDelayMs(retries, always(1 - 2 ** -32)), most)
    })
  }

  test('is a whole number within its range, and varies (seed 5)', () => {
    const random = seededRandom(5)
    for (let retries = 0; retries < DEFAULT_RETRIES; retries++) {
      const delays = Array.from({ length: 200 }, () => retryDelayMs(retries, random))
      const leastMs = (retries ** 4 + 15) * 1000
      for (const delay of delays) {
        assert.ok(Number.isInteger(delay) && delay >= leastMs && delay <= leastMs + 10_000 * (retries + 1))
      }
      assert.ok(new Set(delays).size > 150)
    }
  })

  test('all default retries together span about 20 days', () => {
    const spanOf = (random: Random) =>
      Array.from({ length: DEFAULT_RETRIES }, (_, retries) => retryDelayMs(retries, random)).reduce(
        (sum, delay) => sum + delay,
      )
    assert.ok(spanOf(always(0)) > 20 * DAY_MS)
    assert.ok(spanOf(always(1 - 2 ** -32)) < 21 * DAY_MS)
  })

  test("the job's own wait takes the place of the curve, with a spread of a tenth", () => {
    assert.equal(retryDelayMs(3, always(0), 60_000), 60_000)
    assert.equal(retryDelayMs(3, always(0.5), 60_000), 63_000)
    assert.equal(retryDelayMs(20, always(1 - 2 ** -32), 60_000), 66_000)
    assert.equal(retryDelayMs(3, always(0), 0), 0)
  })
})

describe('retryLimit', () => {
  for (const [retry, limit] of [
    [undefined, 25],
    [null, 25],
    [true, 25],
    [false, 0],
    ['5', DEFAULT_RETRIES],
    [1.5, DEFAULT_RETRIES],
    [-1, -1],
    [0, 0],
    [1, 1],
    [100, 100],
  ] as const) {
    test(`retry: ${retry} allows ${limit}`, () => assert.equal(retryLimit(retry), limit))
  }
})

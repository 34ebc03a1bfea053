import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { seededRandom } from '../kernel/random.ts'
import type { CapsuleInfo } from '../store/worker-record.ts'
import { queueOrder } from './queue-order.ts'

const capsule = (mode: CapsuleInfo['mode'], weights: CapsuleInfo['weights']): CapsuleInfo => ({
  name: 'default',
  concurrency: 1,
  mode,
  weights,
})

const DRAWS = 12_000

/** How often each queue came first. */
function firsts(info: CapsuleInfo, seed: number): Record<string, number> {
  const random = seededRandom(seed)
  const counts: Record<string, number> = {}
  for (let draw = 0; draw < DRAWS; draw++) {
    const order = queueOrder(info, random)
    assert.deepEqual([...order].sort(), Object.keys(info.weights).sort())
    counts[order[0]!] = (counts[order[0]!] ?? 0) + 1
  }
  return counts
}

function assertShare(count: number | undefined, share: number): void {
  assert.ok(Math.abs((count ?? 0) / DRAWS - share) < 0.02, `${count} of ${DRAWS} is not about ${share}`)
}

describe('queueOrder', () => {
  test('strict: always as given', () => {
    const info = capsule('strict', { urgent: 0, default: 0, low: 0 })
    const random = seededRandom(1)
    for (let draw = 0; draw < 50; draw++)
      assert.deepEqual(queueOrder(info, random), ['urgent', 'default', 'low'])
  })

  test('weighted: a queue comes first as often as its weight says, the lightest too (seed 2)', () => {
    const counts = firsts(capsule('weighted', { a: 3, b: 2, c: 1 }), 2)
    assertShare(counts.a, 1 / 2)
    assertShare(counts.b, 1 / 3)
    assertShare(counts.c, 1 / 6)
  })

  test('random: each queue comes first equally often (seed 3)', () => {
    const counts = firsts(capsule('random', { a: 1, b: 1, c: 1 }), 3)
    for (const queue of ['a', 'b', 'c']) assertShare(counts[queue], 1 / 3)
  })

  test('a weight of 0 still gets its turn (seed 4)', () => {
    assertShare(firsts(capsule('weighted', { a: 1, b: 0 }), 4).b, 1 / 2)
  })

  test('the order of the capsule itself does not change (seed 5)', () => {
    const info = capsule('weighted', { a: 1, b: 5 })
    queueOrder(info, seededRandom(5))
    assert.deepEqual(Object.keys(info.weights), ['a', 'b'])
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Random, seededRandom, systemRandom } from './random.ts'

const SOURCES: Array<[string, () => Random]> = [
  ['systemRandom', systemRandom],
  ['seededRandom (seed 7)', () => seededRandom(7)],
]

for (const [name, open] of SOURCES) {
  describe(name, () => {
    test('floats are in [0, 1) and spread evenly', () => {
      const random = open()
      const tenths = new Array<number>(10).fill(0)
      for (let draw = 0; draw < 10_000; draw++) {
        const float = random.float()
        assert.ok(float >= 0 && float < 1)
        tenths[Math.floor(float * 10)]! += 1
      }
      // Ten standard deviations: never by chance.
      for (const count of tenths) assert.ok(Math.abs(count - 1_000) < 300, `${count} of 10,000 in one tenth`)
    })

    test('hex has two lower-case digits a byte', () => {
      const random = open()
      for (const sizeBytes of [1, 6, 8, 12, 32]) {
        assert.match(random.hex(sizeBytes), new RegExp(`^[0-9a-f]{${sizeBytes * 2}}$`))
      }
    })

    test('ids do not repeat, also across more than one filling of the pool', () => {
      const random = open()
      const ids = new Set(Array.from({ length: 5_000 }, () => random.hex(12)))
      assert.equal(ids.size, 5_000)
    })
  })
}

describe('seededRandom', () => {
  const sequence = (seed: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 20 }, () => [random.float(), random.hex(3)])
  }

  test('the same seed gives the same sequence, another seed another (seeds 1 and 2)', () => {
    assert.deepEqual(sequence(1), sequence(1))
    assert.notDeepEqual(sequence(1), sequence(2))
  })
})

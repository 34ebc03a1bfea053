import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../kernel/random.ts'
import { momentOf, scoreOf } from './score.ts'

test('a moment comes back from its score exactly, however the server prints it (seed 5)', () => {
  const random = seededRandom(5)
  for (let round = 0; round < 10_000; round++) {
    const at = Math.floor(random.float() * 4e12)
    assert.equal(momentOf(scoreOf(at)), at)
    assert.equal(momentOf(Number(scoreOf(at)).toPrecision(17)), at)
  }
})

test('scores are seconds with a fraction', () => {
  assert.equal(scoreOf(1_760_437_800_250), '1760437800.25')
})

test('a later moment never has a smaller score', () => {
  for (let ms = 0; ms < 2_000; ms++) {
    assert.ok(Number(scoreOf(1_760_437_800_000 + ms)) < Number(scoreOf(1_760_437_800_001 + ms)))
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../kernel/random.ts'
import { byClaim, CallNames, queueOf } from './claim-token.ts'

const NOW = 1_760_437_800_000

test('no two calls have the same name', () => {
  const calls = new CallNames(NOW, seededRandom(1))
  const names = Array.from({ length: 2_000 }, () => calls.next())
  assert.equal(new Set(names).size, 2_000)
})

test('tokens are ordered by store, call and number, whatever their queues', () => {
  const early = new CallNames(NOW, seededRandom(9))
  const late = new CallNames(NOW + 1, seededRandom(3))
  const tokens = []
  for (let call = 0; call < 40; call++) {
    const name = early.next()
    for (let n = 1; n <= 12; n++) tokens.push(`${name}.${n}:${n % 2 ? 'z.1:2' : 'a-b'}`)
  }
  tokens.push(`${late.next()}.1:a`)
  assert.deepEqual(tokens.toReversed().toSorted(byClaim), tokens)
})

test('the queue of a token may hold anything', () => {
  assert.equal(queueOf('x.1:a:b.c-d'), 'a:b.c-d')
  assert.equal(queueOf('x.1:'), '')
  assert.equal(queueOf('no token'), null)
})

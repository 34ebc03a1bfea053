import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../kernel/random.ts'
import { byClaim, CallNames, queueOf, shareOf, tokenOf } from './claim-token.ts'

const NOW = 1_760_437_800_000

test('no two calls have the same name', () => {
  const calls = new CallNames(NOW, seededRandom(1))
  const names = Array.from({ length: 2_000 }, () => calls.next())
  assert.equal(new Set(names).size, 2_000)
})

test('tokens are ordered by store, call, kind of claim and number, whatever their queues', () => {
  const early = new CallNames(NOW, seededRandom(9))
  const late = new CallNames(NOW + 1, seededRandom(3))
  const tokens = []
  for (let call = 0; call < 40; call++) {
    const name = early.next()
    for (let n = 1; n <= 12; n++) tokens.push(`${name}.${n}:${n % 2 ? 'z.1:2' : 'a-b'}`)
    for (let n = 1; n <= 12; n++) tokens.push(`${n}/${name}:${n % 2 ? 'z.1:2' : 'a-b'}`)
  }
  tokens.push(`${late.next()}.1:a`)
  assert.deepEqual(tokens.toReversed().toSorted(byClaim), tokens)
})

test('the queue of a token may hold anything', () => {
  assert.equal(queueOf('x.1:a:b.c-d'), 'a:b.c-d')
  assert.equal(queueOf('x.1:'), '')
  assert.equal(queueOf('no token'), null)
})

test('a token of a job claimed with others names the claim and its number there', () => {
  const token = tokenOf({ claim: 'x-1-2:a/b:c', number: 12 })
  assert.deepEqual(shareOf(token), { claim: 'x-1-2:a/b:c', number: 12 })
  assert.equal(queueOf(token), 'a/b:c')
})

test('a token of a job claimed by itself names no claim, whatever its queue', () => {
  for (const token of [
    'x-1-2.1:a',
    'x-1-2.1:3/a',
    'x-1-2.1:',
    '0/x:a',
    '-1/x:a',
    'y/x:a',
    '3/x',
    'no token',
  ]) {
    assert.equal(shareOf(token), null, token)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../kernel/random.ts'
import { byClaim, CallNames, numberIn, queueOf, shareOf, tokenOf } from './claim-token.ts'

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

test('the number of a token in a claim is that of its share, and none in any other claim', () => {
  const claims = ['c-1-1:a', 'c-1-1:a/b', 'c-1-1:b/c-1-1:a', 'c-1-2:a', 'c-1-1:aa']
  const tokens = claims.flatMap((claim) => [1, 9, 10, 999].map((number) => tokenOf({ claim, number })))
  tokens.push('c-1-1.1:a', '0/c-1-1:a', '/c-1-1:a', '1x/c-1-1:a', 'c-1-1:a', '-1/c-1-1:a')
  for (const claim of claims) {
    for (const token of tokens) {
      const share = shareOf(token)
      assert.equal(numberIn(token, claim), share?.claim === claim ? share.number : 0, `${token} in ${claim}`)
    }
  }
})

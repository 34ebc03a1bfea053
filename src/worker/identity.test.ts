import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../kernel/random.ts'
import { newIdentity } from './identity.ts'

test('an identity is HOSTNAME:PID:NONCE, another one in each life of a pid (seed 1)', () => {
  const random = seededRandom(1)
  const host = { hostname: 'web-1', pid: 4321 }
  const [first, second] = [newIdentity(host, random), newIdentity(host, random)]
  assert.match(first, /^web-1:4321:[0-9a-f]{12}$/)
  assert.notEqual(first, second)
})

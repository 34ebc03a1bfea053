import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { type Clock, type MonoMs, systemClock } from '../../kernel/clock.ts'
import type { Ground } from './ground.ts'
import { Keys } from './keys.ts'
import { BLOCK_MS, Landings, MARGIN_MS } from './landings.ts'

let now: number
let sent: unknown[]
let landings: Landings
beforeEach(async () => {
  now = 0
  sent = []
  const clock: Clock = { ...systemClock, now: () => now, mono: () => now as MonoMs }
  const client = { command: async (command: unknown) => sent.push(command) }
  landings = new Landings(clock, { client, keys: new Keys('') } as unknown as Ground)
  await landings.announce('w', ['a', 'b'])
})

const isLooked = (...queues: string[]) => landings.look('w', queues) !== null

test('queues are announced once', async () => {
  await landings.announce('w', ['b', 'a'])
  await landings.announce('w', ['b', 'c'])
  assert.deepEqual(sent, [
    ['SADD', 'capstan:landings:w', 'a', 'b'],
    ['SADD', 'capstan:landings:w', 'c'],
  ])
})

test('nobody looks where nobody waited', () => {
  assert.equal(isLooked('a', 'b'), false)
  landings.begin('w', 'a')
  assert.equal(isLooked('b'), false)
  assert.equal(isLooked('b', 'a'), true)
  assert.equal(landings.look('other', ['a']), null)
})

test('every exchange looks while a wait goes on, and once after its end', () => {
  const end = landings.begin('w', 'a')
  landings.look('w', ['a'])!.found()
  assert.equal(isLooked('a'), true)
  end('left')
  landings.look('w', ['a'])!.found()
  assert.equal(isLooked('a'), false)
})

test('an exchange sent before the end of a wait does not count as the look after it', () => {
  const end = landings.begin('w', 'a')
  const look = landings.look('w', ['a'])!
  end('left')
  look.found()
  assert.equal(isLooked('a'), true)
})

test('a wait that began and ended while an exchange was under way is still to be looked after', () => {
  landings.begin('w', 'a')('left')
  const look = landings.look('w', ['a'])!
  landings.begin('w', 'a')('left')
  look.found()
  assert.equal(isLooked('a'), true)
})

test('an exchange whose answer was lost does not count', () => {
  landings.begin('w', 'a')('left')
  assert.ok(landings.look('w', ['a']))
  assert.equal(isLooked('a'), true)
})

test('after a lost connection every exchange looks until the server has ended the wait by itself', () => {
  landings.begin('w', 'a')('lost')
  now += BLOCK_MS + MARGIN_MS
  landings.look('w', ['a'])!.found()
  assert.equal(isLooked('a'), true)
  now += 1
  landings.look('w', ['a'])!.found()
  assert.equal(isLooked('a'), false)
})

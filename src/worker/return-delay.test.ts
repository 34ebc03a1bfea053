import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '../kernel/random.ts'
import { returnDelayMs } from './return-delay.ts'

const NOW = 1_795_492_274_000
const drawn = (value: number): Random => ({ float: () => value, hex: () => '' })
const aged = (ageMs: number, { draw = 0, isAwaited = false } = {}) =>
  returnDelayMs(
    { class: 'A', args: [], jid: 'a', created_at: (NOW - ageMs) / 1000 },
    { now: NOW, random: drawn(draw), isAwaited },
  )

test('while another worker may know it, a job stays away for a second, however old it is', () => {
  assert.equal(aged(86_400_000, { isAwaited: true }), 1_000)
})

test('a job stays away for as long as it has existed, so that each wait doubles', () => {
  assert.equal(aged(4_000), 4_000)
  assert.equal(aged(8_000), 8_000)
})

test('never for less than a second nor, by its age, for more than thirty', () => {
  assert.equal(aged(0), 1_000)
  assert.equal(aged(-60_000), 1_000)
  assert.equal(aged(86_400_000), 30_000)
  const ageless = { class: 'A', args: [], jid: 'a' }
  assert.equal(returnDelayMs(ageless, { now: NOW, random: drawn(0), isAwaited: false }), 30_000)
})

test('jobs pushed together come back spread over a quarter more', () => {
  assert.equal(aged(8_000, { draw: 0.5 }), 9_000)
})

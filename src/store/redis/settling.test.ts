import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settlement } from '../exchange.ts'
import { Keys } from './keys.ts'
import { Settling } from './settling.ts'

const done = (token: string): Settlement => ({ token, to: 'done' })

function told(settle: readonly Settlement[]): Array<string | number> {
  const settling = new Settling(new Keys(''), settle)
  const args: Array<string | number> = [...settling.sizes]
  settling.addDoneTo(args)
  settling.addMovesTo(args)
  return args
}

test('jobs claimed together are told as one: their claim, and a mark for each that is done', () => {
  const settle = ['3/c-1-1:a', 'c-1-1.1:b', '1/c-1-1:a', '4/c-1-1:b', '6/c-1-1:a'].map(done)
  assert.deepEqual(told(settle), [1, 2, 'c-1-1.1:b', 'c-1-1:a', '101001', 'c-1-1:b', '0001'])
})

test('of two settlements of a job in one call the first counts and the second is told behind it', () => {
  const twice = told(['1/c-1-1:a', '2/c-1-1:a', '1/c-1-1:a'].map(done))
  assert.deepEqual(twice.slice(0, 6), [0, 1, 'c-1-1:a', '11', '1/c-1-1:a', 'done'])
  const back: Settlement = { token: '1/c-1-1:a', to: 'queue', payload: null }
  assert.deepEqual(
    told([back, done('1/c-1-1:a')]).filter((word) => word === 'queue' || word === 'done'),
    ['queue', 'done'],
  )
})

test('what was refused is named in the order of the settlements', () => {
  const back: Settlement = { token: '5/c-1-1:a', to: 'queue', payload: null }
  const settle = [done('7/c-1-1:a'), back, done('c-1-1.1:b'), done('2/c-1-1:a')]
  const settling = new Settling(new Keys(''), settle)
  const parts = { registered: true, paused: [], noLists: [], taken: [] }
  const refused = { refusedDone: [1], refusedShares: [[1, [2, 7]]] as const, refusedMoves: [1] }
  assert.deepEqual(
    settling.refused({ ...parts, ...refused }),
    settle.map(({ token }) => token),
  )
  const nothing = { refusedDone: [], refusedShares: [], refusedMoves: [] }
  assert.deepEqual(settling.refused({ ...parts, ...nothing }), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ledgerLines } from './ledger-lines.ts'

test('a first deploy says that there was nothing to count, rather than what it does not know', () => {
  const none = { taken: null, finished: null, failed: null, longestGapMs: null, gaps: [] }
  const unknown = ['jobs before the deploy: web-1: no worker ran']
  const now = { handedBack: 0, recovered: 0, running: 2, waiting: 7, draining: 0 }
  assert.deepEqual(ledgerLines({ ...none, ...now, unknown }), [
    'no workers before this deploy: nothing to count; now 2 run and 7 wait',
  ])
})

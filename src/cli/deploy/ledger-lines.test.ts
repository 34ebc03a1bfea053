import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedLedgerLines, ledgerLines } from './ledger-lines.ts'

test('a first deploy says that there was nothing to count, rather than what it does not know', () => {
  const none = { taken: null, finished: null, failed: null, longestGapMs: null, gaps: [] }
  const unknown = ['jobs before the deploy: web-1: no worker ran']
  const now = { handedBack: 0, recovered: 0, running: 2, waiting: 7, draining: 0 }
  assert.deepEqual(ledgerLines({ ...none, ...now, unknown }), [
    'no workers before this deploy: nothing to count; now 2 run and 7 wait',
  ])
})

const failed = {
  ...{ taken: 5, finished: 3, failed: 1, handedBack: 1, recovered: 0, running: 2, waiting: 7, draining: 1 },
  ...{ longestGapMs: null, gaps: [], unknown: [] },
}
const counts =
  'jobs, as far as workers have reported: 5 taken, 3 finished, 1 failed, 1 handed back, 0 recovered; now 2 run and 7 wait; old workers that still drain: 1'

test('a deploy that failed says first whether it has touched the workers that were there', () => {
  assert.deepEqual(failedLedgerLines(failed), ['old workers that were told to end: none', counts])
  const gap = { service: 'worker', gapMs: null, aheadMs: null }
  const gaps = [
    { host: 'web-1', ...gap },
    { host: 'web-2', ...gap },
  ]
  assert.deepEqual(
    failedLedgerLines({ ...failed, gaps, unknown: ['gap of worker on web-1: it was taken back'] }),
    [
      'old workers that were told to end: web-1 worker, web-2 worker',
      counts,
      'not known: gap of worker on web-1: it was taken back',
    ],
  )
})

test('a deploy that failed where no worker works says nothing of workers', () => {
  const unknown = ['jobs before the deploy: web-1: no worker ran']
  assert.deepEqual(failedLedgerLines({ ...failed, taken: null, running: null, unknown }), [])
})

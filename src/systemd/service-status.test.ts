import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ServiceFacts, statusText, watchdogPeriodMs } from './service-status.ts'

const RUNNING: ServiceFacts = { state: 'running', busy: 3, concurrency: 10, waiting: 128, leftMs: 0 }

test('the status of a worker says what an operator asks first', () => {
  assert.equal(statusText(RUNNING), '3/10 busy, 128 waiting')
  assert.equal(statusText({ ...RUNNING, waiting: undefined }), '3/10 busy')
  assert.equal(statusText({ ...RUNNING, waiting: null }), '3/10 busy, the store does not answer')
  assert.equal(statusText({ ...RUNNING, state: 'quiet', busy: 1 }), 'quiet, 1 job left')
  assert.equal(statusText({ ...RUNNING, state: 'draining', leftMs: 20_100 }), 'draining, 3 jobs left, 21 s')
  assert.equal(statusText({ ...RUNNING, state: 'draining', leftMs: -5 }), 'draining, 3 jobs left, 0 s')
  assert.equal(statusText({ ...RUNNING, state: 'stopped' }), 'stopped')
})

test('the watchdog is pinged twice in its time, and only by the process that it watches', () => {
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '30000000' }, 7), 15_000)
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7), 15_000)
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7), null)
  assert.equal(watchdogPeriodMs({ WATCHDOG_USEC: '0' }, 7), null)
  assert.equal(watchdogPeriodMs({}, 7), null)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readLog, withoutInternals } from './healthy.ts'
import type { UnitState } from './unit-state.ts'

const state: UnitState = {
  ...{ unit: 'shop-worker@20260101000000-1.service', isInstalled: true, active: 'failed', sub: 'failed' },
  ...{ result: 'exit-code', pid: 0, invocation: 'abc', restarts: 5, status: '', directory: '' },
  ...{
    isEnabled: true,
    hasReload: true,
    user: 'deploy',
    file: '',
    stopTimeoutMs: 35_000,
    needsReload: false,
  },
}

describe('the log of a service that did not come up', () => {
  test('is that of its last attempt, when that one has ended', () => {
    const asked = (changes: Partial<UnitState>) =>
      readLog('system', { ...state, ...changes }, 30).args?.at(-1)
    assert.equal(asked({}), 'abc')
    assert.equal(asked({ active: 'activating', sub: 'auto-restart' }), 'abc')
    assert.equal(asked({ active: 'activating', sub: 'start', restarts: 0 }), 'abc')
    assert.equal(asked({ active: 'active', sub: 'running', restarts: 1 }), '')
  })

  test('is shown without the lines of a stack that lie in Node itself', () => {
    const own = 'Error: no such printer\n    at load (file:///srv/shop/jobs/print.ts:3:7)\n'
    const internal =
      '    at async node:internal/modules/esm/loader:650:26\n    at Module._load (node:internal/modules/cjs/loader:1091:19)\n'
    assert.equal(withoutInternals(`${own}${internal}Node.js v24.11.0`), `${own}Node.js v24.11.0`)
  })
})

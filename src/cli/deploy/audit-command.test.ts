import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuditEntry, auditRows } from './audit-command.ts'

test('the audit has a row for each deploy, with the hosts that it was on', () => {
  const entry = (host: string, second: number, changes: object = {}): AuditEntry => ({
    ...{ host, at: `2026-01-01T00:00:0${second}.000Z`, kind: 'rollback', release: '20260101000000' },
    ...{ by: 'ada', result: 'done' },
    ...changes,
  })
  const failed = { result: 'failed', reason: 'no such printer\n  at line 3' }
  const rows = auditRows([
    ...[entry('web-1', 1), entry('web-1', 3, failed), entry('web-1', 5)],
    ...[entry('web-2', 2), entry('web-2', 4, failed)],
  ])
  assert.deepEqual(
    rows.map(({ hosts, entry: { result } }) => [result, ...hosts]),
    [
      ['done', 'web-1', 'web-2'],
      ['failed', 'web-1', 'web-2'],
      ['done', 'web-1'],
    ],
  )
})

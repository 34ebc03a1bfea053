import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRevisionLogLine, revisionLogLine } from './revision-log.ts'

const DEPLOY = {
  kind: 'deploy',
  branch: 'fix (at last)',
  revision: '4f5c9a1b',
  release: '20260228235959',
  by: 'ada l.',
} as const

test('lines are those of Capistrano, and are read back', () => {
  const line = 'Branch fix (at last) (at 4f5c9a1b) deployed as release 20260228235959 by ada l.'
  assert.equal(revisionLogLine(DEPLOY), line)
  assert.deepEqual(parseRevisionLogLine(line), DEPLOY)

  const rollback = { kind: 'rollback', release: '20260228235959', by: 'ada' } as const
  assert.equal(revisionLogLine(rollback), 'ada rolled back to release 20260228235959')
  assert.deepEqual(parseRevisionLogLine('ada rolled back to release 20260228235959'), rollback)
})

test('a line of a deploy without a known revision is read, one in other words is not', () => {
  const line = 'Branch master (at ) deployed as release 20260228235959 by ada'
  assert.deepEqual(parseRevisionLogLine(line), { ...DEPLOY, branch: 'master', revision: '', by: 'ada' })
  assert.equal(parseRevisionLogLine('ブランチ master をリリースしました'), null)
})

test('a name with a line end stays one line', () => {
  assert.equal(revisionLogLine({ ...DEPLOY, by: 'ada\nBranch x' }).split('\n').length, 1)
})

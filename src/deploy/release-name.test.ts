import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newReleaseName, releaseName, releaseTime } from './release-name.ts'

const AT = Date.UTC(2026, 1, 28, 23, 59, 59, 999)

test('a release is named after its UTC second, and the second is read back', () => {
  assert.equal(releaseName(AT), '20260228235959')
  assert.equal(releaseTime('20260228235959'), AT - 999)
})

test('a name that is no second is no time', () => {
  for (const name of [
    '20260229000000',
    '20261301000000',
    '20260101000060',
    '2026022823595',
    '20260228235959x',
    'current',
  ])
    assert.equal(releaseTime(name), null, name)
})

test('a new release is named after the newest one, even when that is of this second or of a wrong clock', () => {
  assert.equal(newReleaseName(AT, []), '20260228235959')
  assert.equal(newReleaseName(AT, ['20260228235958', 'notes']), '20260228235959')
  assert.equal(newReleaseName(AT, ['20260228235959']), '20260301000000')
  assert.equal(newReleaseName(AT, ['20300101000000', '20260228235959']), '20300101000001')
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { credential, withCredentials } from './credential.ts'

describe('credentials', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'credentials-'))
    writeFileSync(join(directory, 'REDIS_URL'), 'redis://:secret@db/0\n')
    writeFileSync(join(directory, 'key'), 'two\nlines\n')
  })
  after(() => rmSync(directory, { recursive: true }))
  const environment = () => ({ CREDENTIALS_DIRECTORY: directory })

  test('are read by their names, without the last line break', () => {
    assert.equal(credential('REDIS_URL', environment()), 'redis://:secret@db/0')
    assert.equal(credential('key', environment()), 'two\nlines')
  })

  test('are missing where systemd gave none, whatever the name', () => {
    assert.equal(credential('other', environment()), null)
    assert.equal(credential('../etc/passwd', environment()), null)
    assert.equal(credential('key', {}), null)
  })

  test('stand in for variables that are unset or empty', () => {
    const filled = withCredentials({ ...environment(), REDIS_URL: '', key: 'own' })
    assert.equal(filled.REDIS_URL, 'redis://:secret@db/0')
    assert.equal(filled.key, 'own')
    const bare = { REDIS_URL: 'redis://here' }
    assert.equal(withCredentials(bare), bare)
  })
})

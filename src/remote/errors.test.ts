import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lastLines, withoutValues } from './errors.ts'

test('the lines that ssh ends with CRLF are shown without it', () =>
  assert.equal(lastLines('Host key\r\nverification failed.\r\n'), '\n  Host key\n  verification failed.'))

describe('a text without the values of an environment', () => {
  test('has their names in place of them, and of single lines of them', () => {
    const env = { KEY: 'begin here\nsecret line\n', TOKEN: 'abc-123' }
    assert.equal(withoutValues('abc-123: begin here\nsecret line\n', env), '[TOKEN]: [KEY]')
    assert.equal(withoutValues('it is "secret line"', env), 'it is "[KEY]"')
  })

  test('shows nothing of a long value of which another one is a part', () => {
    assert.equal(withoutValues('abc-123-def', { SHORT: 'abc-123', LONG: 'abc-123-def' }), '[LONG]')
  })

  test('keeps short values, which are no secrets', () => {
    assert.equal(withoutValues('port 8080', { PORT: '8080', EMPTY: '' }), 'port 8080')
  })
})

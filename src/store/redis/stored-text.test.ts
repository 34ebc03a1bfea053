import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readText } from './stored-text.ts'

test('UTF-8 is exact, a real replacement character too', () => {
  for (const text of ['', 'plain', 'é🐙', 'a \ufffd b']) {
    assert.deepEqual(readText(Buffer.from(text)), { text, isExact: true })
  }
})

test('bytes that are no UTF-8 are not exact', () => {
  for (const bytes of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    assert.equal(readText(Buffer.from(bytes)).isExact, false)
  }
})

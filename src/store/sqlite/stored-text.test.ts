import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromStored, toStored } from './stored-text.ts'

test('text without NUL is stored as it is', () => {
  assert.equal(toStored('{"a":"é"}'), '{"a":"é"}')
})

test('text with NUL is stored as its bytes, so that no reader stops at the NUL', () => {
  assert.deepEqual(toStored('a\0é'), Buffer.from([0x61, 0x00, 0xc3, 0xa9]))
})

for (const text of ['', '\0', '\ufeff\0begins with a byte order mark', 'a\0b\0', '😀\0', 'plain']) {
  test(`${JSON.stringify(text)} comes back as it went in`, () => {
    assert.equal(fromStored(toStored(text)), text)
  })
}

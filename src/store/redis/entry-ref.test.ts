import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryRef } from '../inspection.ts'
import { refOf, shaOf, traceOf } from './entry-ref.ts'

const sha = shaOf(Buffer.from('payload'))

test('a reference comes back as it was', () => {
  for (const place of ['0', '17', '1760437800.25', '-1.5', '1.7604378007505522e+21', 'inf']) {
    const expected = place === 'inf' ? null : { place, sha }
    assert.deepEqual(traceOf(refOf({ place, sha })), expected, place)
  }
})

test('other texts are no references', () => {
  for (const text of ['', 'nonsense', '0', '-1', '{"at":1}', `-${sha}`, `x-${sha}`, `1-${sha}0`]) {
    assert.equal(traceOf(text as EntryRef), null, text)
  }
})

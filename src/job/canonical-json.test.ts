import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalJson } from './canonical-json.ts'

describe('canonicalJson', () => {
  for (const [value, text] of [
    [1e-7, '1.0e-07'],
    [-0.00001234, '-1.234e-05'],
    [0.0001, '0.0001'],
    [1e21, '1.0e+21'],
    [-1.5e300, '-1.5e+300'],
    [5e-324, '5.0e-324'],
    [123456789012345680000, '123456789012345680000'],
    [0, '0'],
    ['1e-7 and 0.00001', '"1e-7 and 0.00001"'],
    [{ a: [1e-7, null, 'ü'] }, '{"a":[1.0e-07,null,"ü"]}'],
  ] as const) {
    test(`${JSON.stringify(value)} is written ${text}`, () => {
      assert.equal(canonicalJson(value), text)
      assert.deepEqual(JSON.parse(text), value)
    })
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffUnits } from './diff-units.ts'
import { parseUnit } from './parse-unit.ts'

test('units differ in values, not in their order', () => {
  const wanted = parseUnit('[Service]\nType=notify\nUser=a\nEnvironment=A=1\nEnvironment=B=2').unit
  const found = parseUnit('# edited\n[Service]\nUser=a\nType=simple\nEnvironment=A=1\nNice=5').unit
  assert.deepEqual(diffUnits(wanted, wanted), [])
  assert.deepEqual(diffUnits(wanted, found), [
    { section: 'Service', name: 'Type', wanted: ['notify'], found: ['simple'] },
    { section: 'Service', name: 'Environment', wanted: ['A=1', 'B=2'], found: ['A=1'] },
    { section: 'Service', name: 'Nice', wanted: [], found: ['5'] },
  ])
})

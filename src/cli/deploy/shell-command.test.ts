import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programOf } from './shell-command.ts'

test('a command of one word with signs of the shell is a line for sh; any other is a program', () => {
  assert.deepEqual(programOf(['pwd; ls']), ['sh', '-c', 'pwd; ls'])
  assert.deepEqual(programOf(['bin/tell-all.sh']), ['bin/tell-all.sh'])
  assert.deepEqual(programOf(['echo', 'a; b']), ['echo', 'a; b'])
})

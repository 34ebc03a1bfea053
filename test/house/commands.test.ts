import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const BIN = join(import.meta.dirname, '../../bin')

/** The launchers hand `--help` on to the command line. */
const LAUNCHERS = ['capstan']

const commands = readdirSync(BIN, { withFileTypes: true })
  .filter((entry) => entry.isFile() && !LAUNCHERS.includes(entry.name) && !/\.(ts|sh|cjs)$/.test(entry.name))
  .map((entry) => entry.name)

for (const command of commands) {
  describe(`bin/${command}`, () => {
    test('can be run', () => accessSync(join(BIN, command), constants.X_OK))

    test('--help prints the comment at its top, from any directory', () => {
      const { stdout, status } = spawnSync(join(BIN, command), ['--help'], {
        cwd: tmpdir(),
        encoding: 'utf8',
      })
      const comment = readFileSync(join(BIN, command), 'utf8').split('\n').slice(1)
      const end = comment.findIndex((line) => !line.startsWith('#'))
      const expected = comment.slice(0, end).map((line) => line.replace(/^# ?/, ''))
      assert.ok(end > 0, 'begins with a comment')
      assert.equal(stdout, `${expected.join('\n')}\n`)
      assert.equal(status, 0)
    })
  })
}

for (const command of ['setup', 'lint', 'check-layers', 'check-docs', 'test']) {
  test(`bin/${command} refuses an argument that it does not know, in one line`, () => {
    const { stderr, status } = spawnSync(join(BIN, command), ['--nonsense'], {
      cwd: tmpdir(),
      encoding: 'utf8',
    })
    assert.match(stderr, new RegExp(`^bin/${command}: .*nonsense.*\\n$`))
    assert.equal(status, 1)
  })
}

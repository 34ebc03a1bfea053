import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { eventually } from '../../system/hosts/eventually.ts'
import { LIMIT_MS, rejectsWith, type ShellScenarios } from '../shell-stage.ts'

/** The values that break quoting by hand. */
const HOSTILE = [
  '',
  ' ',
  'a b',
  "it's",
  '"q"',
  '$(id)',
  '`id`',
  '$HOME',
  '*',
  '~',
  '\\',
  '\\n',
  '\n',
  'a\n\n',
  '-n',
  '%s',
  'é 漢字 🚀',
  '!x',
  '#c',
  '; exit 9',
  '\x01\x81\u0085\x7f',
  '\t',
]

export const results: ShellScenarios = {
  'stdout, stderr and the exit code come back apart': async ({ connect }) => {
    const shell = await connect()
    const result = await shell.run(
      { name: 'speak', body: 'echo out; echo err >&2; exit 3' },
      { accept: [0, 3] },
    )
    assert.deepEqual([result.exitCode, result.stdout, result.stderr], [3, 'out\n', 'err\n'])
  },

  'arguments and variables arrive as they are': async ({ connect }) => {
    const shell = await connect()
    const env = Object.fromEntries(HOSTILE.map((value, index) => [`VALUE_${index}`, value]))
    const print = `printf '%s\\037' "$@"; ${Object.keys(env)
      .map((name) => `printf '%s\\037' "$${name}"`)
      .join('; ')}`
    const { stdout } = await shell.run({ name: 'print', body: print, args: HOSTILE, env })
    assert.deepEqual(stdout.split('\x1f').slice(0, -1), [...HOSTILE, ...HOSTILE])
  },

  'a script runs under set -eu, without input, in the folder of the login': async ({ connect }) => {
    const shell = await connect()
    const { stdout } = await shell.run({ name: 'read', body: 'cat; echo end' })
    assert.equal(stdout, 'end\n')
    await rejectsWith('remote.exit', shell.run({ name: 'e', body: 'false; true' }))
    await rejectsWith('remote.exit', shell.run({ name: 'u', body: 'echo "$1"' }))
  },

  'one script leaves nothing in the shell of the next': async ({ connect }) => {
    const shell = await connect()
    await shell.run({ name: 'leave', body: 'cd /; X=1; export X; set +u; exec >&-', env: { Y: '1' } })
    const { stdout } = await shell.run({ name: 'look', body: 'set +u; echo "[$X$Y]"; [ "$PWD" != / ]' })
    assert.equal(stdout, '[]\n')
  },

  'bytes of any kind end at the trailer, with or without a last newline': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('bytes')
    const bytes = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7 + (index >> 8)) & 255))
    await writeFile(path, bytes)
    const result = await shell.run({ name: 'cat', body: 'cat "$1"; cat "$1" >&2', args: [path] })
    assert.equal(result.stdout, bytes.toString('utf8'))
    assert.equal(result.stderr, bytes.toString('utf8'))
  },

  '20 MB come back whole': async ({ connect }) => {
    const shell = await connect()
    const { stdout } = await shell.run({ name: 'much', body: 'head -c 20000000 /dev/zero | tr "\\0" x' })
    assert.equal(stdout.length, 20_000_000)
    assert.match(stdout, /^x+$/)
  },

  'what exceeds the limit of memory is an error, and the script is killed': async ({ connect }) => {
    const shell = await connect()
    await rejectsWith('remote.output', shell.run({ name: 'endless', body: 'exec cat /dev/zero' }))
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'lines are handed on while the script runs, the last without its end too': async ({ connect, fresh }) => {
    const shell = await connect()
    const go = fresh('go')
    const lines: string[] = []
    const result = shell.run(
      {
        name: 'talk',
        body: 'echo first; until [ -e "$1" ]; do sleep 0.02; done; echo second >&2; printf third',
        args: [go],
      },
      { onLine: (line, stream) => lines.push(`${stream} ${line}`) },
    )
    await eventually('the first line', LIMIT_MS, () => lines.length > 0)
    await writeFile(go, '')
    await result
    assert.deepEqual(lines.toSorted(), ['stderr second', 'stdout first', 'stdout third'])
  },

  'a script that closes its streams still has a result': async ({ connect }) => {
    const shell = await connect()
    const { exitCode } = await shell.run({ name: 'close', body: 'exec >&- 2>&-; exit 4' }, { accept: [4] })
    assert.equal(exitCode, 4)
  },

  'scripts run in the order they were given, one at a time': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('order')
    const append = (word: string) =>
      shell.run({
        name: word,
        body: 'echo "begin $1" >>"$2"; sleep 0.05; echo "end $1" >>"$2"',
        args: [word, path],
      })
    await Promise.all([append('a'), append('b')])
    assert.equal(await readFile(path, 'utf8'), 'begin a\nend a\nbegin b\nend b\n')
  },

  'what a background process prints does not reach the next result': async ({ connect }) => {
    const shell = await connect()
    const body = '(while :; do echo leak; echo leak >&2; sleep 0.01; done) & echo "$!"'
    const loud = await shell.run({ name: 'leave a process', body })
    const next = await shell.run({ name: 'next', body: 'sleep 0.2; echo clean' })
    process.kill(Number(loud.stdout.replaceAll('leak\n', '')), 'SIGKILL')
    assert.deepEqual([next.stdout, next.stderr], ['clean\n', ''])
  },

  'every question is one round trip': async ({ connect }) => {
    const shell = await connect()
    assert.equal(shell.roundTrips, 0)
    for (let count = 0; count < 3; count++) await shell.run({ name: 'true', body: 'true' })
    assert.equal(shell.roundTrips, 3)
  },

  'a value that no process can take is refused before anything is sent': async ({ connect }) => {
    const shell = await connect()
    const refused = [
      { args: ['a\0b'] },
      { args: ['x'.repeat(128 * 1024)] },
      { env: { 'A B': 'c' } },
      { env: { LONG: 'x'.repeat(128 * 1024 - 5) } },
    ]
    for (const values of refused)
      await rejectsWith('remote.script', shell.run({ name: 'refused', body: 'true', ...values }))
    assert.equal(shell.roundTrips, 0)
    const args = ['x'.repeat(128 * 1024 - 1)]
    assert.equal((await shell.run({ name: 'long', body: 'printf %s "$1" | wc -c', args })).stdout, '131071\n')
  },
}

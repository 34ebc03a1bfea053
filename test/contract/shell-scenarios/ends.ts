import assert from 'node:assert/strict'
import { eventually } from '../../system/hosts/eventually.ts'
import {
  commandLines,
  isAlive,
  LIMIT_MS,
  loopOf,
  rejectsWith,
  type ShellScenarios,
  textOf,
} from '../shell-stage.ts'

/** Starts a child and a grandchild that do not heed TERM, writes their numbers and its own, and goes on. */
const FAMILY = `
trap "" TERM
sh -c 'sh -c "echo \\$\\$ >>\\"\\$1\\"; while :; do sleep 0.1; done" sh "$1" & echo $$ >>"$1"; wait' sh "$1" &
echo $$ >>"$1"
wait
`

const SECRET = 'correct-horse-battery'

export const ends: ShellScenarios = {
  'an exit code that was not accepted fails, with the last lines of stderr': async ({ connect }) => {
    const shell = await connect()
    const body = 'echo early >&2; for line in 1 2 3; do echo "line $line" >&2; done; exit 7'
    const error = await rejectsWith('remote.exit', shell.run({ name: 'seven', body }))
    assert.equal(error.exitCode, 7)
    assert.equal(
      error.message,
      'localhost: seven: exit code 7, expected 0\n  early\n  line 1\n  line 2\n  line 3',
    )
  },

  'the highest exit code is one, not a lost line': async ({ connect }) => {
    const shell = await connect()
    const error = await rejectsWith(
      'remote.exit',
      shell.run({ name: 'x', body: 'exit 255' }, { accept: [0, 2] }),
    )
    assert.match(error.message, /exit code 255, expected 0 or 2/)
  },

  'a script that a signal ended is told by its name': async ({ connect }) => {
    const shell = await connect()
    for (const signal of ['TERM', 'KILL', 'SEGV']) {
      const error = await rejectsWith('remote.signal', shell.run({ name: 's', body: `kill -${signal} $$` }))
      assert.match(error.message, new RegExp(`s: was ended by SIG${signal}`))
    }
  },

  'a script may kill its whole group; that is its end': async ({ connect }) => {
    const shell = await connect()
    await rejectsWith('remote.signal', shell.run({ name: 'group', body: 'sleep 100 & kill -KILL 0; wait' }))
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'a cancelled script dies with its children and theirs, also those that do not heed TERM': async ({
    connect,
    fresh,
  }) => {
    const shell = await connect()
    const cancel = new AbortController()
    const path = fresh('family')
    const run = shell.run({ name: 'family', body: FAMILY, args: [path] }, { signal: cancel.signal })
    const pids = await eventually('three processes', LIMIT_MS, async () => {
      const numbers = (await textOf(path))?.trim().split('\n').map(Number) ?? []
      return numbers.length === 3 && numbers
    })
    assert.ok(pids.every(isAlive))
    cancel.abort()
    await rejectsWith('remote.cancelled', run)
    await eventually('the death of all three', LIMIT_MS, () => !pids.some(isAlive))
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'a cancelled script may end in its own way': async ({ connect }) => {
    const shell = await connect()
    const cancel = new AbortController()
    const lines: string[] = []
    const body = 'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
    const run = shell.run(
      { name: 'tidy', body },
      { signal: cancel.signal, onLine: (line, stream) => stream === 'stdout' && lines.push(line) },
    )
    await eventually('the script', LIMIT_MS, () => lines.includes('ready'))
    cancel.abort()
    await rejectsWith('remote.cancelled', run)
    assert.deepEqual(lines, ['ready', 'cleaned'])
  },

  'a script may be cancelled at any moment of its beginning': async ({ connect }) => {
    const shell = await connect()
    for (let delayMs = 0; delayMs < 30; delayMs++) {
      const cancel = new AbortController()
      setTimeout(() => cancel.abort(), delayMs)
      await rejectsWith(
        'remote.cancelled',
        shell.run({ name: 's', body: 'exec sleep 1000' }, { signal: cancel.signal }),
      )
    }
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'what is cancelled before its turn is not begun': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('begun')
    const run = shell.run({ name: 'b', body: ': >"$1"', args: [path] }, { signal: AbortSignal.abort() })
    await rejectsWith('remote.cancelled', run)
    await rejectsWith('remote.exit', shell.run({ name: 'look', body: '[ -e "$1" ]', args: [path] }))
    assert.equal(shell.roundTrips, 1)
  },

  'a script that takes too long is killed': async ({ connect }) => {
    const shell = await connect()
    const error = await rejectsWith(
      'remote.timeout',
      shell.run({ name: 'slow', body: 'sleep 1000' }, { timeoutMs: 50 }),
    )
    assert.match(error.message, /slow: took longer than its limit and was killed/)
    assert.equal((await shell.run({ name: 'next', body: 'echo on' }, { timeoutMs: LIMIT_MS })).stdout, 'on\n')
  },

  'a loop that is killed loses the running script, and every later one': async ({ connect }) => {
    const shell = await connect()
    const loop = await loopOf(shell)
    const run = shell.run({
      name: 'work',
      body: 'echo "half $SECRET" >&2; kill -KILL "$1"; sleep 1000',
      args: [String(loop)],
      env: { SECRET },
    })
    const error = await rejectsWith('remote.lost', run)
    assert.match(error.message, /^localhost: work: the line was lost before the result came/)
    assert.ok(!error.message.includes(SECRET), error.message)
    await rejectsWith('remote.lost', shell.run({ name: 'next', body: 'true' }))
  },

  'a variable is seen in no command line and in no error': async ({ connect }) => {
    const shell = await connect()
    const lines: string[] = []
    const cancel = new AbortController()
    const body = 'echo "$TOKEN"; echo "bad token $TOKEN" >&2; while :; do sleep 0.05; done'
    const run = shell.run(
      { name: 'use', body, env: { TOKEN: SECRET } },
      { signal: cancel.signal, onLine: (line) => lines.push(line) },
    )
    await eventually('the script', LIMIT_MS, () => lines.includes(SECRET))
    const seen = commandLines().filter((line) => line.includes(SECRET))
    cancel.abort()
    const error = await rejectsWith('remote.cancelled', run)
    assert.deepEqual(seen, [])
    assert.match(error.message, /bad token \[TOKEN\]/)
  },

  'a closed shell kills what runs, and refuses the rest': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('pid')
    const run = shell.run({ name: 'work', body: 'echo $$ >"$1"; sleep 1000; true', args: [path] })
    const queued = shell.run({ name: 'queued', body: 'true' })
    const [first, second] = [rejectsWith('remote.lost', run), rejectsWith('remote.closed', queued)]
    const pid = Number(await eventually('the script', LIMIT_MS, () => textOf(path)))
    await shell.close()
    await Promise.all([first, second])
    assert.equal(isAlive(pid), false)
    await shell.close()
    await rejectsWith('remote.closed', shell.run({ name: 'late', body: 'true' }))
  },
}

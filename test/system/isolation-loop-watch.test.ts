import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

const PROGRAM = join(import.meta.dirname, 'fixtures/blocked-loop.ts')
const DEADLINE = { timeout: 60_000 }

interface Line {
  readonly message: string
  readonly blockedMs: number
  readonly stack: string[]
}

interface Program {
  readonly child: ChildProcess
  stderr(): string
  /** What it printed after its first line. */
  lines(): Line[]
  /** Resolves with the exit code when its output is complete. */
  readonly closed: Promise<number | null>
}

function start(behaviour: string, ms = 0, { blockedMs = 200, options = [] as string[] } = {}): Program {
  const args = [...options, PROGRAM, behaviour, String(ms), String(blockedMs)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      said[name] += chunk
    })
  }
  return {
    child,
    stderr: () => said.stderr,
    lines: () =>
      said.stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => JSON.parse(line)),
    closed: once(child, 'close').then(([code]) => code),
  }
}

const messages = (program: Program) => program.lines().map(({ message }) => message)
const BLOCKED = 'the event loop was blocked'

test('where the loop is blocked can be read while it is, and is logged once it turns', DEADLINE, async () => {
  const program = start('crunch', 3_000)
  await once(program.child.stderr!, 'data')
  // The program logs as soon as its loop turns.
  assert.deepEqual(messages(program), ['blocking'])
  const place = /blocked for \d+ ms in crunchNumbers \(\/.*blocked-loop\.ts:1[1-3]:\d+\) < [^\n]*\n$/
  assert.match(program.stderr(), place)
  assert.equal(await program.closed, 0)
  assert.match(program.stderr(), /^[^\n]*\n$/, 'one line for one blockage')
  assert.deepEqual(messages(program), ['blocking', BLOCKED])
  const { blockedMs, stack } = program.lines()[1]!
  assert.ok(blockedMs > 2_000 && blockedMs < 20_000, `${blockedMs} ms`)
  assert.match(stack[0]!, /^crunchNumbers /)
})

test('a call of the system that blocks is reported without its place, then with it', DEADLINE, async () => {
  const program = start('native', 2_000)
  assert.equal(await program.closed, 0)
  assert.match(
    program.stderr(),
    /^the event loop has been blocked for \d+ ms in a system call or native code\n$/,
  )
  assert.deepEqual(messages(program), ['blocking', BLOCKED])
  const { stack } = program.lines()[1]!
  assert.ok(
    stack.some((frame) => frame.includes('blocked-loop.ts')),
    stack.join('\n'),
  )
})

test('a loop that turns is not reported', DEADLINE, async () => {
  const program = start('idle', 3_000)
  await program.closed
  assert.deepEqual([program.stderr(), messages(program)], ['', ['idle']])
})

test('a watched program ends when it has nothing more to do', DEADLINE, async () => {
  const program = start('end')
  assert.equal(await program.closed, 0)
  assert.deepEqual([program.stderr(), messages(program)], ['', []])
})

test('a watch that was stopped is gone', DEADLINE, async () => {
  const program = start('stop')
  assert.equal(await program.closed, 0)
  assert.deepEqual(messages(program), ['stopped'])
})

test('a program with a debugger is not watched', DEADLINE, async () => {
  const program = start('crunch', 1_000, { options: ['--inspect=127.0.0.1:0'] })
  assert.equal(await program.closed, 0)
  assert.ok(!program.stderr().includes('has been blocked'), program.stderr())
  assert.deepEqual(messages(program), ['blocking'])
})

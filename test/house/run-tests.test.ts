import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

const PROGRAM = join(import.meta.dirname, '../../bin/house/run-tests.ts')

/** A run of these small files that takes longer hangs. */
const RUN_LIMIT_MS = 30_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-run-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a test file; `test`, `describe`, `assert` are at hand in it. */
function given(file: string, body: string): void {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  const imports =
    "import { test, describe, before } from 'node:test'\nimport assert from 'node:assert/strict'\n"
  writeFileSync(path, imports + body)
}

function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { CALLER_DIRECTORY: _, CAPSTAN_TEST_WITHOUT: __, CAPSTAN_TEST_SEED: ___, ...inherited } = process.env
  return { ...inherited, ...extra }
}

/** Runs the runner; redis is left out unless the arguments say something about it. */
function run(args: string[] = ['--without', 'redis'], env: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: environment(env),
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  return { ...result, lastLine: result.stdout.trimEnd().split('\n').at(-1) }
}

test('passing and skipped tests are counted on the last line, suites are not', () => {
  given(
    'src/a.test.ts',
    "describe('s', () => { test('one', () => {}); test('two', { skip: true }, () => {}) })",
  )
  given(
    'test/x/b.test.ts',
    "test('three', () => {}); test('four', { todo: true }, () => { throw new Error() })",
  )
  const { lastLine, status, stdout } = run()
  assert.equal(lastLine, '2 passed, 0 failed, 2 skipped')
  assert.equal(status, 0)
  assert.match(stdout, /^ok {4}src\/a\.test\.ts {2}1 passed, 1 skipped, \d/m)
})

test('without skipped tests the last line says nothing of them', () => {
  given('src/a.test.ts', "test('one', () => {})")
  assert.equal(run().lastLine, '1 passed, 0 failed')
})

test('a failure is shown in full, and the line to rerun it runs that test alone', () => {
  given(
    'src/a.test.ts',
    "describe('it\\'s (a|b)', () => { test('adds $1', () => assert.equal(1, 2)); test('else', () => {}) })",
  )
  const { lastLine, status, stdout } = run()
  assert.equal(lastLine, '1 passed, 1 failed')
  assert.equal(status, 1)
  assert.match(stdout, /✖ it's \(a\|b\) adds \$1\n {2}src\/a\.test\.ts:3\n {4}AssertionError/)
  const command = /rerun: bin\/test (.*)/.exec(stdout)![1]!
  const again = spawnSync('bash', ['-c', `"$0" "$1" ${command}`, process.execPath, PROGRAM], {
    cwd: folder,
    encoding: 'utf8',
    env: environment(),
  })
  assert.equal(again.stdout.trimEnd().split('\n').at(-1), '0 passed, 1 failed')
})

test('the line to rerun names the file that ran, not the one with the scenario, and the options of the run', () => {
  given('test/contract/contract.ts', "export const contract = () => test('holds', () => assert.fail('no'))")
  given('test/contract/sqlite.test.ts', "import { contract } from './contract.ts'\ncontract()")
  const { stdout } = run(['--seed', '7', '--without', 'redis'])
  assert.match(stdout, /✖ holds\n {2}test\/contract\/contract\.ts:3\n/)
  assert.match(
    stdout,
    /rerun: bin\/test test\/contract\/sqlite\.test\.ts --only '\^holds\$' --seed 7 --without redis\n/,
  )
})

test('a parent does not count again for its failed subtests', () => {
  given('src/a.test.ts', "test('parent', async (t) => { await t.test('kid', () => assert.fail('no')) })")
  assert.equal(run().lastLine, '0 passed, 1 failed')
})

test('a suite whose hook fails is a failure', () => {
  given(
    'src/a.test.ts',
    "describe('s', () => { before(() => { throw new Error('hook broke') }); test('one', () => {}) })",
  )
  const { stdout, status } = run()
  assert.match(stdout, /hook broke/)
  assert.equal(status, 1)
})

const crashes: ReadonlyArray<readonly [string, string, RegExp]> = [
  [
    'throws while it loads',
    "throw new Error('boom')",
    /exited with code 1 before its tests were done[\s\S]*boom/,
  ],
  ['cannot be parsed', 'const = 1', /before its tests were done/],
  [
    'exits with success in the middle',
    "test('one', () => {}); test('two', () => new Promise(() => setImmediate(() => process.exit(0))))",
    /exited with code 0 before its tests were done; the last test begun was "two"/,
  ],
  [
    'is killed',
    "test('one', () => process.kill(process.pid, 'SIGKILL'))",
    /died of SIGKILL before its tests were done/,
  ],
  [
    'throws after its tests',
    "test('one', () => {}); setTimeout(() => { throw new Error('late') }, 20)",
    /late/,
  ],
  ['runs no test', 'export {}', /ran no test/],
  [
    'leaks event listeners',
    "test('one', async () => { const t = new EventTarget(); const { EventEmitter } = await import('node:events'); const e = new EventEmitter(); for (let i = 0; i < 11; i++) e.on('x', () => {}) })",
    /leaks event listeners/,
  ],
]
for (const [what, body, message] of crashes) {
  test(`a file that ${what} counts as failed`, () => {
    given('src/a.test.ts', body)
    const { lastLine, status, stdout } = run([], { PATH: withRedis() })
    assert.match(stdout, message)
    assert.match(lastLine!, /^[01] passed, 1 failed$/)
    assert.equal(status, 1)
  })
}

/** A PATH on which there is something called redis-server. */
function withRedis(): string {
  writeFileSync(join(folder, 'redis-server'), '', { mode: 0o755 })
  return `${folder}:${process.env.PATH}`
}

test('a run in which no test ran has failed', () => {
  given('src/a.test.ts', "test('one', { skip: true }, () => {})")
  assert.deepEqual([run().status, run().lastLine], [1, '0 passed, 0 failed, 1 skipped'])
  assert.deepEqual([run(['--without', 'redis', '--only', 'nothing']).status], [1])
  rmSync(join(folder, 'src'), { recursive: true })
  assert.deepEqual([run().status, run().lastLine], [1, '0 passed, 0 failed'])
})

test('paths choose files and folders, --only chooses tests by their full name', () => {
  given('src/a/a.test.ts', "describe('sum', () => { test('of one', () => {}); test('of two', () => {}) })")
  given('src/b/b.test.ts', "test('other', () => {})")
  const passed = (...args: string[]) => run([...args, '--without', 'redis']).lastLine
  assert.equal(passed('src/a'), '2 passed, 0 failed')
  assert.equal(passed('src/b/b.test.ts', 'src/b'), '1 passed, 0 failed')
  assert.equal(passed('.'), '3 passed, 0 failed')
  assert.equal(passed('--only', '^sum of two$'), '1 passed, 0 failed')
})

test('a path is read from the directory where the command was called', () => {
  given('src/a/a.test.ts', "test('one', () => {})")
  const { lastLine } = run(['a.test.ts', '--without', 'redis'], { CALLER_DIRECTORY: join(folder, 'src/a') })
  assert.equal(lastLine, '1 passed, 0 failed')
})

test('what is left out and the seed reach the tests, and the former is said first', () => {
  given(
    'src/a.test.ts',
    "test([process.env.CAPSTAN_TEST_WITHOUT, process.env.CAPSTAN_TEST_SEED].join(' '), () => assert.fail('x'))",
  )
  const { stdout } = run(['--without', 'redis', '--seed', '42'])
  assert.match(stdout, /^WITHOUT redis: /)
  assert.match(stdout, /✖ redis 42\n/)
})

test('without redis the files are left out of which each test needs it', () => {
  given('test/system/redis-faults.test.ts', "test('one', () => assert.fail('x'))")
  given('test/sidekiq-versions/a.test.ts', "test('two', () => assert.fail('x'))")
  given('test/system/worker.test.ts', "test('three', () => {})")
  assert.equal(run(['--without', 'redis']).lastLine, '1 passed, 0 failed')
})

test('without redis-server the run refuses, saying what to do', () => {
  given('src/a.test.ts', "test('one', () => {})")
  const { status, stderr } = run([], { PATH: '/nowhere' })
  assert.equal(status, 1)
  assert.match(stderr, /redis-server is missing: run bin\/setup, or .* --without redis/)
})

test('without sidekiq the tests in test/ruby are refused, saying what to do; others run', () => {
  withRedis()
  const machine = { PATH: folder }
  given('src/a.test.ts', "test('one', () => {})")
  assert.equal(run([], machine).lastLine, '1 passed, 0 failed')
  given('test/ruby/b.test.ts', "test('two', () => {})")
  const { status, stderr } = run([], machine)
  assert.equal(status, 1)
  assert.match(stderr, /sidekiq is missing: run bin\/setup, or .* --without ruby/)
  assert.equal(run(['--without', 'ruby'], machine).lastLine, '2 passed, 0 failed')
})

test('tests on hosts are refused to root without the programs for them; --without hosts leaves them out', () => {
  withRedis()
  given('test/system/hosts/a.test.ts', "test('one', () => {})")
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  const { status, stdout, stderr } = run([], { PATH: folder })
  assert.equal(status, isRoot ? 1 : 0)
  if (isRoot) assert.match(stderr, /systemd-nspawn, .* missing: run bin\/setup, or .* --without hosts/)
  else assert.match(stdout, /^WITHOUT hosts: .* need root/m)
  assert.equal(run(['--without', 'hosts'], { PATH: folder }).lastLine, '1 passed, 0 failed')
})

test('wrong arguments are refused in one line', () => {
  given('src/a.test.ts', "test('one', () => {})")
  for (const args of [
    ['--without', 'sqlite'],
    ['--seed', 'x'],
    ['--nonsense'],
    ['src/missing.test.ts', '--without', 'redis'],
  ]) {
    const { status, stderr } = run(args)
    assert.equal(status, 1, args.join(' '))
    assert.match(stderr, /^bin\/test: .*\n$/)
  }
})

test('colour is forced off for the tests', () => {
  given('src/a.test.ts', "test('one', () => assert.equal('a', 'b'))")
  assert.ok(!run(['--without', 'redis'], { FORCE_COLOR: '1' }).stdout.includes('\u001b['))
})

test('a process that a test file leaves behind is ended', () => {
  given(
    'src/a.test.ts',
    `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    test('one', () => {
      const child = spawn('sleep', ['600'], { stdio: 'inherit' })
      child.unref()
      writeFileSync('pid', String(child.pid))
    })`,
  )
  assert.equal(run().lastLine, '1 passed, 0 failed')
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  assert.ok(state === '' || state.startsWith('Z'), `still there: ${state}`)
})

test('a process that left the group and holds the output open does not hold up the run', () => {
  given(
    'src/a.test.ts',
    `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    test('one', () => {
      const child = spawn('sleep', ['60'], { stdio: 'inherit', detached: true })
      child.unref()
      writeFileSync('pid', String(child.pid))
    })`,
  )
  const { lastLine, signal } = run()
  process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')))
  assert.deepEqual([lastLine, signal], ['1 passed, 0 failed', null])
})

test('a run that is ended tells what ran and still counts', async () => {
  given(
    'src/a.test.ts',
    "test('hangs', async () => { console.log('begun'); await new Promise((r) => setTimeout(r, 60_000)) })",
  )
  given('src/b.test.ts', "test('hangs', async () => { await new Promise((r) => setTimeout(r, 60_000)) })")
  given('src/c.test.ts', "test('waits', () => {})")
  const child = spawn(process.execPath, [PROGRAM, '--without', 'redis'], { cwd: folder, env: environment() })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    // The first line is printed once the program has its handlers.
    if (output === '') setImmediate(() => child.kill('SIGTERM'))
    output += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 1)
  assert.match(output, /src\/c\.test\.ts\n {4}was not run because the run was ended by SIGTERM/)
  assert.equal(output.trimEnd().split('\n').at(-1), '0 passed, 3 failed')
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

/** A package with nothing but the command in it. */
let copy: string
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'capstan-command-'))
  for (const file of ['package.json', 'bin/capstan.cjs', 'bin/prepare-node.cjs']) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(ROOT, file), join(copy, file))
  }
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

function given(file: string, text: string): string {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), text)
  return join(copy, file)
}

function run(args: string[] = [], options: string[] = [], node = process.execPath) {
  return spawnSync(node, [...options, join(copy, 'bin/capstan.cjs'), ...args], {
    encoding: 'utf8',
    cwd: tmpdir(),
  })
}

/** Makes this Node take itself for another version. */
function pretending(version: string): string[] {
  const lie = `Object.defineProperty(process, 'version', { value: 'v${version}' })
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  return ['--require', given('lie.cjs', lie)]
}

for (const version of ['12.22.12', '20.20.2', '22.17.9']) {
  test(`Node ${version} is told to be too old, where it is, and how to get another`, () => {
    given('src/cli/capstan.ts', "throw new Error('must not be loaded')")
    const { stderr, stdout, status } = run(['work'], pretending(version))
    assert.ok(
      stderr.includes(
        `this is Node v${version} (${process.execPath}), but Capstan needs Node 22.18 or newer`,
      ),
    )
    for (const way of ['npm install node@24', 'nvm', 'fnm', 'mise']) assert.ok(stderr.includes(way), way)
    assert.deepEqual([stdout, status], ['', 1])
  })
}

for (const version of ['22.18.0', '24.0.0', '100.1.0']) {
  test(`Node ${version} is new enough`, () => {
    given('src/cli/capstan.ts', "console.log('loaded')")
    assert.equal(run([], pretending(version)).stdout, 'loaded\n')
  })
}

const machineNode = spawnSync('bash', ['-c', 'type -ap node'], { encoding: 'utf8' })
  .stdout.trim()
  .split('\n')
  .find((node) => !node.includes('node_modules'))

test("the machine's own Node runs the command or says that it is too old", {
  skip: machineNode === undefined ? 'no Node but the pinned one' : false,
}, () => {
  given('src/cli/capstan.ts', "console.log('loaded')")
  const { stdout, stderr } = run([], [], machineNode)
  assert.match(stdout + stderr, /^loaded\n$|needs Node 22\.18 or newer/)
})

test('in a checkout the source runs, with the arguments', () => {
  given('src/cli/capstan.ts', 'const rest: string[] = process.argv.slice(2)\nconsole.log(rest)')
  given('dist/cli/capstan.js', "console.log('stale')")
  assert.equal(run(['work', '--queue', 'mail']).stdout, "[ 'work', '--queue', 'mail' ]\n")
})

test('in the published package what was built runs', () => {
  given('dist/cli/capstan.js', "console.log('built')")
  assert.equal(run().stdout, 'built\n')
})

test('a missing command line is an error that names the places', () => {
  const { stderr, status } = run()
  assert.match(
    stderr,
    /command line is missing, in .*src\/cli\/capstan\.ts and in .*dist\/cli\/capstan\.js\n$/,
  )
  assert.equal(status, 1)
})

test('of all warnings only the one about SQLite is kept back', () => {
  given(
    'src/cli/capstan.ts',
    `process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
    process.emitWarning('another experiment', 'ExperimentalWarning')
    process.emitWarning('old', 'DeprecationWarning', 'DEP1')
    process.emitWarning(new Error('own'))`,
  )
  const { stderr } = run()
  assert.ok(!stderr.includes('SQLite'))
  assert.match(stderr, /another experiment[\s\S]*\[DEP1\] DeprecationWarning: old[\s\S]*own/)
})

const entryOf = (word: string) => given(`src/cli/${word}.ts`, `console.log('${word}', process.argv.slice(2))`)

/** What is printed when a worker starts it as a thread. */
function runThread(...argv: string[]): string {
  const script = `const { Worker } = require('node:worker_threads')
  const thread = new Worker(${JSON.stringify(join(copy, 'bin/capstan.cjs'))}, { argv: ${JSON.stringify(argv)} })
  thread.on('error', (error) => console.log(error.message))`
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout
}

test('a cell of a worker runs its own program, with its arguments; nobody else can ask for one', () => {
  entryOf('capstan')
  entryOf('cell')
  assert.equal(runThread('cell', 'one.config.ts'), "cell [ 'cell', 'one.config.ts' ]\n")
  assert.equal(run(['cell', 'one.config.ts']).stdout, "capstan [ 'cell', 'one.config.ts' ]\n")
})

test('what a thread throws while its program loads reaches its worker', () => {
  given('src/cli/cell.ts', "throw new Error('no database')")
  assert.equal(runThread('cell'), 'no database\n')
})

describe('compiled modules', () => {
  const KEPT = 'node_modules/.cache/capstan'
  const kept = (folder = copy) => existsSync(join(folder, KEPT))

  test('are kept beside the packages of a checkout, and one that changed is compiled anew', () => {
    mkdirSync(join(copy, 'node_modules'))
    for (const word of ['first', 'other']) {
      given('src/cli/capstan.ts', `console.log('${word}')`)
      for (let times = 0; times < 2; times++) assert.equal(run().stdout, `${word}\n`)
    }
    assert.ok(kept())
  })

  test('of an installed package are kept beside it', () => {
    entryOf('capstan')
    const application = mkdtempSync(join(tmpdir(), 'capstan-application-'))
    const installed = join(application, 'node_modules/capstan')
    cpSync(copy, installed, { recursive: true })
    renameSync(join(installed, 'src'), join(installed, 'dist'))
    renameSync(join(installed, 'dist/cli/capstan.ts'), join(installed, 'dist/cli/capstan.js'))
    const { stdout } = spawnSync(process.execPath, [join(installed, 'bin/capstan.cjs')], { encoding: 'utf8' })
    assert.deepEqual([stdout, kept(application), kept(installed)], ['capstan []\n', true, false])
    rmSync(application, { recursive: true })
  })

  test('that cannot be kept, or are not what they should be, are compiled', () => {
    entryOf('capstan')
    const folder = given(KEPT, 'no folder')
    assert.equal(run().stdout, 'capstan []\n')
    rmSync(folder)
    run()
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) writeFileSync(join(entry.parentPath, entry.name), 'x'.repeat(500))
    const { stdout, stderr } = run()
    assert.deepEqual([stdout, stderr], ['capstan []\n', ''])
  })

  test('are not kept among packages of another user', {
    skip: process.getuid?.() === 0 ? false : 'only root can give a folder away',
  }, () => {
    entryOf('capstan')
    mkdirSync(join(copy, 'node_modules'))
    chownSync(join(copy, 'node_modules'), 65_534, 65_534)
    assert.equal(run().stdout, 'capstan []\n')
    assert.equal(kept(), false)
  })
})

test('an error while the command line loads is shown, and fails', () => {
  given('src/cli/capstan.ts', "throw new Error('broken')")
  const { stderr, status } = run()
  assert.match(stderr, /Error: broken/)
  assert.equal(status, 1)
})

test('bin/capstan runs where it is called, and leaves --help to the command line', () => {
  given('src/cli/capstan.ts', 'console.log(process.cwd(), process.argv[2])')
  for (const file of ['bin/capstan', 'bin/environment.sh']) copyFileSync(join(ROOT, file), join(copy, file))
  given('package-lock.json', '{}')
  given('node_modules/.bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  given('node_modules/.package-lock.json', '{}')
  spawnSync('chmod', ['+x', join(copy, 'node_modules/.bin/node')])
  const where = join(copy, 'src/cli')
  const { stdout } = spawnSync(join(copy, 'bin/capstan'), ['--help'], { cwd: where, encoding: 'utf8' })
  assert.equal(stdout, `${where} --help\n`)
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { problemsOf } from '../../bin/house/check-layers.ts'
import { DOORS, LAYERS, layerTable } from '../../bin/house/layers.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('bin/check-layers finds a breach in a copy of the source', () => {
  let copy: string
  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'capstan-layers-'))
    cpSync(join(ROOT, 'src'), join(copy, 'src'), { recursive: true })
  })
  after(() => rmSync(copy, { recursive: true, force: true }))

  /** What the command prints about the copy with more files in it. */
  const check = (files: Readonly<Record<string, string>>) => {
    const planted = Object.entries(files).map(([file, source]) => [join(copy, 'src', file), source] as const)
    for (const [path, source] of planted) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, source)
    }
    const program = join(ROOT, 'bin/house/check-layers.ts')
    const { stderr, status } = spawnSync(process.execPath, [program], { cwd: copy, encoding: 'utf8' })
    for (const [path] of planted) rmSync(path)
    return { status, lines: stderr.trimEnd().split('\n').slice(0, -1) }
  }

  const breaches: ReadonlyArray<readonly [string, string, string, string]> = [
    [
      'an upward import',
      'job/bad.ts',
      "import { w } from '../worker/worker.ts'",
      'job may not import worker (../worker/worker.ts)',
    ],
    [
      'a concrete store in the worker',
      'worker/bad.ts',
      "import type { S } from '../store/memory/memory-store.ts'",
      'worker may not import store/memory (../store/memory/memory-store.ts)',
    ],
    [
      'a stray Date.now',
      'job/bad.ts',
      'export const at = () => Date.now()',
      'only kernel/clock.ts may use Date.now (line 1)',
    ],
    [
      'a driver in the wrong folder',
      'store/memory/bad.ts',
      "import { DatabaseSync } from 'node:sqlite'",
      'only store/sqlite/ may use node:sqlite (line 1)',
    ],
  ]
  for (const [what, file, source, problem] of breaches) {
    test(what, () => {
      const { status, lines } = check({ [file]: source })
      assert.deepEqual(lines, [`${file}: ${problem}`])
      assert.equal(status, 1)
    })
  }

  test('a circle of imports, of types and by import() as well, which it shows', () => {
    const { status, lines } = check({
      'job/bad.ts': "export type { Worse } from './worse.ts'",
      'job/worse.ts':
        "import { clock } from '../kernel/clock.ts'\nexport type Worse = import('./worst.ts').Worst",
      'job/worst.ts': "export const worst = () => import('./bad.ts')",
      'job/beside.ts': "import './bad.ts'\nimport './worse.ts'",
    })
    const circle = 'job/bad.ts → job/worse.ts → job/worst.ts → job/bad.ts'
    assert.deepEqual(lines, [`job/bad.ts: imports itself by way of others (${circle})`])
    assert.equal(status, 1)
  })

  test('each of two circles that share a file', () => {
    const { lines } = check({
      'job/bad.ts': "import './left.ts'\nimport './right.ts'",
      'job/left.ts': "import './bad.ts'",
      'job/right.ts': "import './bad.ts'",
    })
    assert.deepEqual(lines, [
      'job/bad.ts: imports itself by way of others (job/bad.ts → job/left.ts → job/bad.ts)',
      'job/bad.ts: imports itself by way of others (job/bad.ts → job/right.ts → job/bad.ts)',
    ])
  })

  test('and nothing in a file that breaks no rule', () => {
    const { status, lines } = check({
      'worker/good.ts': "import { systemClock } from '../kernel/clock.ts'",
      'worker/better.ts': "import './good.ts'\nimport './worker.ts'",
    })
    assert.deepEqual(lines, [])
    assert.equal(status, 0)
  })
})

/** One row: what it is, the file, its source, and what is wrong with it (without the file's name). */
type Row = readonly [string, string, string, ...string[]]

function verify(rows: readonly Row[]): void {
  for (const [name, file, source, ...problems] of rows) {
    test(name, () => {
      assert.deepEqual(
        problemsOf(file, source),
        problems.map((problem) => `${file}: ${problem}`),
      )
    })
  }
}

describe('an import that is against LAYERS is found', () => {
  verify([
    [
      'as a re-export',
      'job/a.ts',
      "export * from '../store/store.ts'",
      'job may not import store (../store/store.ts)',
    ],
    [
      'as a type',
      'kernel/a.ts',
      "let x: import('../job/payload.ts').Payload",
      'kernel may not import job (../job/payload.ts)',
    ],
    [
      'for its side effects',
      'kernel/a.ts',
      "import '../job/payload.ts'",
      'kernel may not import job (../job/payload.ts)',
    ],
    [
      'over several lines, after a comment',
      'client/a.ts',
      "import {\n  a, // from './b.ts'\n  b,\n} /* why */ from '../worker/worker.ts'",
      'client may not import worker (../worker/worker.ts)',
    ],
    [
      'by import() and by require',
      'worker/a.ts',
      "await import('../cli/capstan.ts')\nrequire(`../admin/index.ts`)",
      'worker may not import cli (../cli/capstan.ts)',
      'worker may not import admin (../admin/index.ts)',
    ],
    [
      'inside a template',
      'job/a.ts',
      `\`\${await import('../client/a.ts')}\``,
      'job may not import client (../client/a.ts)',
    ],
    [
      'from a test',
      'job/a.test.ts',
      "import { c } from '../client/c.ts'",
      'job may not import client (../client/c.ts)',
    ],
    [
      'between two stores',
      'store/redis/a.ts',
      "import { m } from '../memory/memory-store.ts'",
      'store/redis may not import store/memory (../memory/memory-store.ts)',
    ],
    [
      'from the port to a store',
      'store/a.ts',
      "import './sqlite/index.ts'",
      'store may not import store/sqlite (./sqlite/index.ts)',
    ],
    [
      'of a store in config, unless by import()',
      'config/a.ts',
      "import { r } from '../store/redis/index.ts'\nawait import('../store/redis/index.ts')",
      'config may not import store/redis other than by import() (../store/redis/index.ts)',
    ],
    [
      'of the front door',
      'worker/a.ts',
      "import { d } from '../index.ts'",
      'worker may not import index.ts (../index.ts)',
    ],
    [
      'of the package by its name',
      'testing/a.ts',
      "import 'capstan/worker'",
      'imports itself by name (capstan/worker)',
    ],
    [
      'from outside src',
      'cli/a.ts',
      "import p from '../../package.json'",
      'may not import from outside src (../../package.json)',
    ],
    ['in a folder without a row', 'web/a.ts', '', 'its folder has no row in LAYERS (bin/house/layers.ts)'],
    [
      'in a new folder beside the stores',
      'store/mongo/a.ts',
      '',
      'its folder has no row in LAYERS (bin/house/layers.ts)',
    ],
  ])
})

describe('an import that LAYERS allows is left alone', () => {
  verify([
    [
      'downward',
      'worker/a.ts',
      "import { s } from '../store/store.ts'\nimport { k } from '../kernel/clock.ts'",
    ],
    [
      'within a folder and its subfolders',
      'worker/isolation/a.ts',
      "import { w } from '../worker.ts'\nimport './b.ts'",
    ],
    [
      'by the command line, anything',
      'cli/a.ts',
      "import '../worker/w.ts'\nimport '../store/redis/index.ts'\nimport '../index.ts'",
    ],
    [
      'by a test, from test/',
      'store/redis/a.test.ts',
      "import { c } from '../../../test/contract/store-contract.ts'",
    ],
    ['of a package', 'job/a.ts', "import pino from 'pino'"],
    [
      'only mentioned in a comment',
      'job/a.ts',
      "// import { w } from '../worker/worker.ts'\n/* import('../cli/x.ts') */",
    ],
    ['only mentioned in a string', 'job/a.ts', 'const text = "import { w } from \'../worker/worker.ts\'"'],
    [
      'only mentioned in a template',
      'job/a.ts',
      `const text = \`import { w } from '../worker/worker.ts' \${1}\``,
    ],
    [
      'only mentioned in a regular expression',
      'job/a.ts',
      "const pattern = /import '..\\/worker\\/worker.ts'/",
    ],
  ])
})

describe('a use of the outside world in the wrong place is found', () => {
  const clock = 'only kernel/clock.ts may use'
  const random = 'only kernel/random.ts may use'
  verify([
    ['new Date()', 'job/a.ts', 'const now = new Date()', `${clock} Date() (line 1)`],
    ['performance.now', 'worker/a.ts', '\nperformance.now()', `${clock} performance (line 2)`],
    [
      'timers',
      'worker/a.ts',
      'setTimeout(f, 1)\nglobalThis.setInterval(f, 1)',
      `${clock} setTimeout (line 1)`,
      `${clock} setInterval (line 2)`,
    ],
    [
      'a timer handed on',
      'worker/a.ts',
      'const wait = on ? setTimeout : null',
      `${clock} setTimeout (line 1)`,
    ],
    ['AbortSignal.timeout', 'worker/a.ts', 'AbortSignal.timeout(5)', `${clock} AbortSignal.timeout (line 1)`],
    [
      'the timers module',
      'client/a.ts',
      "import { setTimeout as s } from 'timers/promises'",
      `${clock} timers/promises (line 1)`,
      `${clock} setTimeout (line 1)`,
    ],
    ['Math.random', 'client/a.ts', 'Math.random()', `${random} Math.random (line 1)`],
    [
      'randomUUID by either way',
      'client/a.ts',
      'crypto.randomUUID()\nrandomUUID()',
      `${random} randomUUID (line 1)`,
      `${random} randomUUID (line 2)`,
    ],
    [
      'randomBytes inside a template',
      'job/a.ts',
      `\`id-\${randomBytes(8)}\``,
      `${random} randomBytes (line 1)`,
    ],
    [
      'after a template with braces in it',
      'job/a.ts',
      `function f() {\n  return \`\${g({ a: 1 })} }\`\n}\nDate.now()`,
      `${clock} Date.now (line 4)`,
    ],
    [
      'process',
      'worker/a.ts',
      'process.on("x", f)\nprocess.memoryUsage()',
      'only cli/ may use process (line 1)',
      'only cli/ may use process (line 2)',
    ],
    [
      'process.env',
      'worker/a.ts',
      'process.env.X',
      'only cli/ and config/ and systemd/credential.ts may use process.env (line 1)',
    ],
    [
      'process in config, but for its env',
      'config/a.ts',
      'process.env.X\nprocess.exit()',
      'only cli/ may use process (line 2)',
    ],
    ['console', 'store/redis/a.ts', 'console.log(1)', 'only cli/ may use console (line 1)'],
    ['sockets', 'worker/a.ts', "import net from 'node:net'", 'only store/redis/ may use node:net (line 1)'],
    [
      'child processes',
      'worker/a.ts',
      "import 'child_process'",
      'only worker/isolation/ and remote/ssh/ and remote/local/ and systemd/ and cli/ may use child_process (line 1)',
    ],
    [
      'threads',
      'store/sqlite/a.ts',
      "import 'node:worker_threads'",
      'only worker/isolation/ and worker/watchdog/ may use node:worker_threads (line 1)',
    ],
    [
      'after a division, not a regular expression',
      'job/a.ts',
      'const x = (a) / b; Date.now(); const y = c / d',
      `${clock} Date.now (line 1)`,
    ],
  ])
})

describe('a use of the outside world is left alone', () => {
  verify([
    ['in its own place', 'kernel/clock.ts', 'Date.now(); performance.now(); setTimeout(f, 1)'],
    ['of SQLite and sockets in their stores', 'store/sqlite/a.ts', "import 'node:sqlite'"],
    ['of threads in the watchdog', 'worker/watchdog/a.ts', "import 'node:worker_threads'"],
    ['in a test', 'job/a.test.ts', "import 'node:sqlite'\nDate.now(); process.exit(); Math.random()"],
    ['in comments', 'job/a.ts', '// Date.now() and process.env\n/** `Math.random` */'],
    [
      'in strings',
      'job/a.ts',
      `const a = 'Date.now()'; const b = "process.env"; const c = \`console.log(\${a})\``,
    ],
    ['in a regular expression', 'job/a.ts', 'const a = text.replace(/Date.now()[/]`/g, "")'],
    [
      'when it is another thing with that name',
      'job/a.ts',
      'socket.setTimeout(5); const o = { process: 1, console: 2 }; this.process',
    ],
    ['when a date is only computed', 'job/a.ts', 'new Date(now).toISOString(); Date.UTC(2026)'],
  ])
})

test('LAYERS has no cycle: every folder may only import rows above it', () => {
  const folders = Object.keys(LAYERS)
  for (const [folder, { may, dynamically = [] }] of Object.entries(LAYERS)) {
    const targets = may === 'anything' ? [] : [...may, ...dynamically]
    for (const target of targets) {
      assert.ok(folders.includes(target), `${folder} may import ${target}, which has no row`)
      assert.ok(folders.indexOf(target) < folders.indexOf(folder), `${folder} stands above ${target}`)
    }
  }
})

test('every door opens for a place that LAYERS knows', () => {
  for (const place of DOORS.flatMap((door) => door.only)) {
    assert.ok(place.split('/')[0]! in LAYERS, place)
  }
})

test('the table for ARCHITECTURE.md has one row for each folder', () => {
  assert.equal(layerTable().length, Object.keys(LAYERS).length + 2)
  assert.ok(layerTable().includes('| `store` | kernel, job |'))
})

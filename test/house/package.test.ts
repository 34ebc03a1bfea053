import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { entriesOf, readManifest } from '../../bin/house/manifest.ts'

const ROOT = join(import.meta.dirname, '../..')

const manifest = readManifest(ROOT)
const entries = entriesOf(manifest)

describe('what is published', () => {
  let dist: string
  let build: ReturnType<typeof spawnSync>
  before(() => {
    dist = mkdtempSync(join(tmpdir(), 'capstan-build-'))
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    build = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', dist], { cwd: ROOT, encoding: 'utf8' })
  })
  after(() => rmSync(dist, { recursive: true, force: true }))

  test('is built without errors', () => assert.equal(build.stdout, ''))

  for (const { name, target } of entries) {
    test(`has the entry ${name}, with its types`, () => {
      const file = join(dist, target.replace('./dist/', ''))
      assert.ok(existsSync(file), target)
      assert.ok(existsSync(file.replace(/\.js$/, '.d.ts')), `types of ${target}`)
    })
  }

  test('imports no TypeScript', () => {
    for (const file of globSync('**/*.js', { cwd: dist })) {
      assert.doesNotMatch(readFileSync(join(dist, file), 'utf8'), /(from|import\() ?'\.[^']*\.ts'/, file)
    }
  })

  test('has no tests in it', () => assert.deepEqual(globSync('**/*.test.*', { cwd: dist }), []))
})

test('every command of the package is a file that is published', () => {
  for (const file of Object.values(manifest.bin ?? {})) {
    assert.ok(existsSync(join(ROOT, file)), file)
    assert.ok(manifest.files?.includes(file), file)
  }
})

test('every page that a message of the source names is published', () => {
  const named = globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(/see docs\/[\w./-]+\.md/g) ?? [])
    .map((words) => words.replace('see ', ''))
  assert.ok(named.length > 0)
  for (const page of named) {
    assert.ok(existsSync(join(ROOT, page)), page)
    assert.ok(
      manifest.files?.some((published) => page.startsWith(`${published}/`)),
      page,
    )
  }
})

test('every entry leads users into dist/, and to its own source where a condition asks for that', () => {
  assert.ok(entries.length > 0)
  for (const { name, target, source, conditions } of entries) {
    assert.match(target, /^\.\/dist\/.*index\.js$/, name)
    const { types = target.replace(/\.js$/, '.d.ts'), 'capstan-source': given = `./${source}` } = conditions
    assert.deepEqual([types, given], [target.replace(/\.js$/, '.d.ts'), `./${source}`], name)
  }
})

test('the front door loads no driver', () => {
  const program = `await import('./src/index.ts')
    console.log(process.moduleLoadList.filter((name) => / (sqlite|net|tls|child_process)$/.test(name)).join())`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  assert.deepEqual([stdout, stderr], ['\n', ''])
})

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { init } from './init.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-init-'))
})
afterEach(() => rm(directory, { recursive: true }))

test('an empty directory gets all that a first job needs', async () => {
  const { written, kept, next } = await init(directory)
  const all = ['.gitignore', 'capstan.config.ts', 'jobs/greet.ts', 'package.json', 'tsconfig.json']
  assert.deepEqual([written.toSorted(), kept], [all, []])
  assert.equal(JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')).type, 'module')
  assert.equal(next.length, 1)
})

test('files that are there are left alone, and what they lack is said', async () => {
  await writeFile(join(directory, 'package.json'), '{"type":"commonjs"}')
  const { kept, next } = await init(directory)
  assert.deepEqual(kept, ['package.json'])
  assert.equal(await readFile(join(directory, 'package.json'), 'utf8'), '{"type":"commonjs"}')
  assert.equal(next[0], 'npm pkg set type=module')
})

test('the next step is said as it is to be typed: through npx where a project has the command', async () => {
  const next = async (environment: NodeJS.ProcessEnv) => (await init(directory, environment)).next.at(-1)
  assert.equal(await next({}), 'capstan dev, and in another terminal: capstan enqueue Greet Ada')
  const throughNpx = 'npx capstan dev, and in another terminal: npx capstan enqueue Greet Ada'
  assert.equal(await next({ npm_execpath: '/usr/lib/node_modules/npm/bin/npx-cli.js' }), throughNpx)
  await mkdir(join(directory, 'node_modules/.bin'), { recursive: true })
  await writeFile(join(directory, 'node_modules/.bin/capstan'), '')
  assert.equal(await next({}), throughNpx)
})

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
  assert.equal(next[0], 'set "type": "module" in package.json')
})

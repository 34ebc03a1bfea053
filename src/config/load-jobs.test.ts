import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { loadConfig } from './load-config.ts'
import { loadJobs } from './load-jobs.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-config-'))
})
afterEach(() => rm(directory, { recursive: true }))

const DEFINE_JOB = new URL('../client/define-job.ts', import.meta.url).href
const job = (name: string) =>
  `import { defineJob } from ${JSON.stringify(DEFINE_JOB)}\nexport const it = defineJob({ name: '${name}', run() {} })\n`

test('jobs are the exports of all files that the globs match, tests left out', async () => {
  await writeFile(join(directory, 'a.ts'), job('A'))
  await writeFile(join(directory, 'b.js'), job('B'))
  await writeFile(join(directory, 'b.test.ts'), 'throw new Error("a test was loaded")')
  assert.deepEqual((await loadJobs(directory, ['*.ts', '*.js'])).names(), ['A', 'B'])
})

test('a file that cannot be loaded is named, with the line', async () => {
  await writeFile(join(directory, 'thrown.ts'), '\n\nthrow new Error("no luck")')
  await assert.rejects(loadJobs(directory, '*.ts'), {
    code: 'jobs.broken',
    message: /thrown\.ts \(at .*thrown\.ts:3\) cannot be loaded: no luck/,
  })
})

test('two jobs of one name are refused', async () => {
  await writeFile(join(directory, 'a.ts'), job('Same'))
  await writeFile(join(directory, 'b.ts'), job('Same'))
  await assert.rejects(loadJobs(directory, '*.ts'), { code: 'job.duplicate' })
})

test('globs that find nothing say so, and where they looked', async () => {
  await assert.rejects(loadJobs(directory), (error: Error) => error.message.includes(directory))
})

test('without a file the defaults hold, and a named file that is missing is an error', async () => {
  assert.deepEqual(await loadConfig(directory), { config: {}, file: null, directory })
  await assert.rejects(loadConfig(directory, 'other.ts'), { code: 'config.missing' })
})

test('a configuration is found by its name and checked', async () => {
  await writeFile(join(directory, 'capstan.config.ts'), 'export default { concurrency: 3 as number }')
  assert.deepEqual((await loadConfig(directory)).config, { concurrency: 3 })
  await writeFile(join(directory, 'bad.ts'), 'export default { queue: [] }')
  await assert.rejects(loadConfig(directory, 'bad.ts'), /did you mean "queues"\?/)
})

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

test('two jobs of one name are refused, naming their files', async () => {
  await writeFile(join(directory, 'a.ts'), job('Same'))
  await writeFile(join(directory, 'b.ts'), job('Same'))
  const message =
    'two jobs are called "Same", in a.ts and in b.ts; a name on the wire means one job: rename one'
  await assert.rejects(loadJobs(directory, '*.ts'), { code: 'job.duplicate', message })
  await writeFile(
    join(directory, 'twins.js'),
    `${job('Twin')}export const other = defineJob({ name: 'Twin', run() {} })\n`,
  )
  await assert.rejects(loadJobs(directory, '*.js'), /called "Twin", in twins\.js; a name/)
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

async function sidekiqFile(text: string): Promise<void> {
  await mkdir(join(directory, 'config'))
  await writeFile(join(directory, 'config/sidekiq.yml'), text)
}

test('without a capstan.config.ts, config/sidekiq.yml is read, and paths count from the project', async () => {
  await sidekiqFile('concurrency: 7\npidfile: x')
  const loaded = await loadConfig(directory)
  assert.deepEqual(loaded.config, { concurrency: 7 })
  assert.equal(loaded.directory, directory)
  assert.equal(loaded.sidekiq?.notes.length, 1)
})

test('beside a capstan.config.ts, a sidekiq.yml counts only when it is named there, and below it', async () => {
  await sidekiqFile('concurrency: 7\ntimeout: 8')
  await writeFile(join(directory, 'capstan.config.ts'), 'export default { concurrency: 3 }')
  assert.deepEqual((await loadConfig(directory)).config, { concurrency: 3 })
  const named = "export default { concurrency: 3, sidekiqYml: 'config/sidekiq.yml' }"
  await writeFile(join(directory, 'named.ts'), named)
  const { config, sidekiq } = await loadConfig(directory, 'named.ts')
  assert.deepEqual([config.concurrency, config.timeout], [3, 8_000])
  assert.deepEqual(sidekiq?.origins, { timeout: 'config/sidekiq.yml:2' })
})

test('a sidekiq.yml may be named in place of a configuration; one that is not there is an error', async () => {
  await sidekiqFile('queues: [mail]')
  assert.deepEqual((await loadConfig(directory, 'config/sidekiq.yml')).config, { queues: ['mail'] })
  await assert.rejects(loadConfig(directory, 'config/other.yml'), { code: 'config.missing' })
  await writeFile(join(directory, 'lost.ts'), "export default { sidekiqYml: 'config/other.yml' }")
  await assert.rejects(loadConfig(directory, 'lost.ts'), { code: 'config.missing' })
})

test('a queue name in a sidekiq.yml that cannot be is refused, naming the file', async () => {
  await sidekiqFile('queues: ["a b"]')
  await assert.rejects(loadConfig(directory), /config\/sidekiq\.yml/)
})

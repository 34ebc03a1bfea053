import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from './redis-fixture.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURE = join(import.meta.dirname, 'fixtures/worker')
const DEADLINE = { timeout: 60_000 }

/** This package in a checkout of its own, where nothing has been compiled yet. */
async function freshCheckout(directory: string): Promise<void> {
  await mkdir(join(directory, 'node_modules'))
  for (const part of ['bin', 'src', 'package.json'])
    await cp(join(ROOT, part), join(directory, part), { recursive: true })
  for (const name of ['commander', 'pino', 'yaml'])
    await symlink(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name))
}

test('a worker that is killed leaves its compiled modules to the next', DEADLINE, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-kept-'))
  t.after(() => rm(directory, { recursive: true }))
  await freshCheckout(directory)
  const words = ['--conditions=capstan-source', join(directory, 'bin/capstan.cjs'), 'work']
  const worker = spawn(process.execPath, words, {
    cwd: FIXTURE,
    env: { ...process.env, REDIS_URL: '', DATABASE: join(directory, 'jobs.db') },
    stdio: 'ignore',
  })
  const ended = once(worker, 'exit')
  t.after(() => worker.kill('SIGKILL'))
  const kept = async () =>
    (await readdir(join(directory, 'node_modules/.cache/capstan'), { recursive: true })).length
  await eventually(async () => assert.ok((await kept()) > 100, 'too little was kept'))
  worker.kill('SIGKILL')
  assert.deepEqual(await ended, [null, 'SIGKILL'])
})

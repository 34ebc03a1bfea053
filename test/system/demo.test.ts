import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
/** A few hundred real files that are in every checkout. */
const FILES = join(ROOT, 'node_modules/zod')

for (const [name, flags] of [
  ['SQLite', []],
  ...(process.env.CAPSTAN_TEST_WITHOUT?.includes('redis') ? [] : ([['Redis', ['--redis']]] as const)),
] as const) {
  test(`the demo on ${name} loses nothing and recovers what the killed worker had in hand`, () => {
    const run = spawnSync(join(ROOT, 'bin/demo'), [FILES, '--json', ...flags], { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    const ledger = JSON.parse(run.stdout)
    assert.ok(ledger.enqueued > 100)
    assert.equal(ledger.done, ledger.enqueued)
    assert.equal(ledger.lost, 0)
    assert.equal(ledger.wrong, 0)
    assert.ok(ledger.recovered > 0, 'the worker was killed with jobs in its hands')
    assert.ok(ledger.retried > 0)
  })
}

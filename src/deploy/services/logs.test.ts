import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { resolveStage } from '../stage.ts'
import { followLogs } from './logs.ts'
import { servicesOn } from './service.ts'

const stage = resolveStage(
  {
    application: 'shop',
    services: { worker: { type: 'worker' }, mails: { type: 'sidekiq', manager: 'user' } },
    stages: { live: { hosts: ['web-1'] } },
  },
  'live',
)

const services = servicesOn(stage, stage.hosts[0]!)

describe('the journal of services', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-journal-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  /** With a journalctl that answers like this. */
  function logs(journalctl: string) {
    writeFileSync(join(folder, 'journalctl'), `#!/bin/sh\n${journalctl}\n`, { mode: 0o755 })
    const { body, args = [] } = followLogs(services, { lines: 5, follow: false })
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    return spawnSync('sh', ['-euc', body, 'sh', ...args], { encoding: 'utf8', env })
  }

  test('is shown as it is, of all instances of a worker, and of both managers', () => {
    const { stdout, status } = logs('echo "$*"')
    const line = '--no-pager --quiet -o short-iso -n 5 --unit=shop-worker@* --user-unit=sidekiq.service\n'
    assert.deepEqual([stdout, status], [line, 0])
  })

  test('that has never seen a unit of them is no failure: nothing was deployed yet', () => {
    const { stdout, status } = logs('echo "Failed to add filter for units: No data available" >&2; exit 1')
    assert.deepEqual([stdout, status], ['', 0])
  })

  test('that cannot be read is a failure, in its own words', () => {
    const { stderr, status } = logs('echo "No journal files were opened" >&2; exit 1')
    assert.deepEqual([stderr, status], ['No journal files were opened\n', 1])
  })
})

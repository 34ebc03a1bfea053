import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Reply } from '../on-host/reply.ts'
import { busyOf, quiet, quietedUnits } from './busy.ts'

const CASES: ReadonlyArray<readonly [what: string, text: string, jobs: number | null]> = [
  ['a unit that does not run has none', 'gone\n', 0],
  ['a worker of ours says it to systemd', 'status quiet, 3/10 busy\n', 3],
  ['a draining one, too', 'status draining, 1 job left, 20 s\n', 1],
  ['Sidekiq says it in its title', 'title sidekiq 6.4.1 shop [2 of 5 busy] stopping \n', 2],
  ['a title from before the quiet does not count', 'title sidekiq 6.4.1 shop [0 of 5 busy] \n', null],
  ['a Sidekiq whose threads for jobs have ended has none', 'idle\n', 0],
  ['a process that has not said anything is waited for', 'title ruby worker.rb\n', null],
  ['several units are added up', 'status quiet, 3/10 busy\ngone\nstatus quiet, 4/10 busy\n', 7],
  ['one that has not answered keeps the sum open', 'status quiet, 3/10 busy\ntitle x\n', null],
]
for (const [what, text, jobs] of CASES) test(what, () => assert.equal(busyOf(text).jobs, jobs))

test('a unit that is not active is no failure of the quiet, which a deploy goes on from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-quiet-'))
  try {
    const shown = 'case $* in *LoadState*) echo LoadState=loaded ;; *) echo ActiveState=failed ;; esac'
    const systemctl = `#!/bin/sh\ncase $* in *is-active*) exit 3 ;; *show*) ${shown} ;; *) exit 9 ;; esac\n`
    writeFileSync(join(folder, 'systemctl'), systemctl, { mode: 0o755 })
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    const [{ body, args = [] } = assert.fail()] = quiet('user', ['sidekiq.service'])
    const { status, stdout } = spawnSync('sh', ['-euc', body, 'sh', ...args], { encoding: 'utf8', env })
    assert.equal(status, 0)
    assert.deepEqual(quietedUnits(new Reply(stdout)), {
      ...{ quieted: [], others: [{ unit: 'sidekiq.service', isInstalled: true, active: 'failed' }] },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { silentLogger } from '../kernel/logger.ts'
import { seededRandom } from '../kernel/random.ts'
import type { Script } from '../remote/script.ts'
import type { RemoteShell } from '../remote/transport.ts'
import { SimClock } from '../testing/sim-clock.ts'
import { type DeployHost, Deployment } from './deployment.ts'
import { resolveStage } from './stage.ts'

const PHASES = ['prepare', 'migrate', 'start', 'publish', 'cutover', 'verify', 'finish'] as const
const work: Script = { name: 'work', body: 'echo "$1"', args: ['done'] }

/** Runs scripts on this machine, and counts them. */
class LocalShell {
  count = 0

  async run({ body, args = [] }: Script) {
    this.count += 1
    const { status, stdout } = spawnSync('/bin/sh', ['-euc', body, 'sh', ...args], { encoding: 'utf8' })
    assert.equal(status, 0)
    return { exitCode: 0, stdout, stderr: '', durationMs: 0 }
  }
}

describe('what a host notes of a deploy', () => {
  let folder: string
  let shell: LocalShell
  let host: DeployHost
  let deployment: Deployment
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-deployment-'))
    mkdirSync(join(folder, '.capstan'))
    shell = new LocalShell()
    const stages = { production: { hosts: ['web-1'] } }
    const stage = resolveStage({ application: 'shop', deployTo: folder, stages }, 'production')
    host = { ...stage.hosts[0]!, shell: shell as unknown as RemoteShell }
    const nothing = () => {}
    deployment = new Deployment(
      { clock: new SimClock(), random: seededRandom(1), logger: silentLogger },
      {
        ...{ kind: 'deploy', stage, hosts: [host], before: new Map(), release: '20260101000000' },
        ...{ revision: 'a', by: 'ada', startedAt: 0, signal: new AbortController().signal },
        events: {
          ...{ phase: nothing, stepBegun: nothing, stepDone: nothing, stepFailed: nothing },
          ...{ line: nothing, note: nothing, undoing: nothing },
        },
      },
    )
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const file = () => join(folder, '.capstan/deploy.json')
  const noted = () => JSON.parse(readFileSync(file(), 'utf8'))

  test('is each phase, as soon as the first script of it runs there, by that script itself', async () => {
    for (const phase of PHASES) {
      deployment.enter(phase)
      assert.equal((await deployment.run(host, work)).stdout, 'done\n')
      assert.equal(noted().phase, phase)
    }
    assert.equal(shell.count, PHASES.length, 'a question was added')
  })

  test('is who deploys what, where, and since when', async () => {
    deployment.enter('migrate')
    await deployment.run(host, work)
    assert.deepEqual(noted(), {
      ...{ kind: 'deploy', release: '20260101000000', stage: 'production', phase: 'migrate' },
      ...{ by: 'ada', since: '1970-01-01T00:00:00.000Z' },
    })
  })

  test('is written once a phase: what was forgotten at the end stays forgotten', async () => {
    deployment.enter('finish')
    await deployment.run(host, work)
    rmSync(file())
    await deployment.run(host, work)
    assert.equal(existsSync(file()), false)
  })

  test('is nothing of a deploy that is taken back: that must work on a full disk, too', async () => {
    deployment.enter('cutover')
    deployment.unwind()
    await deployment.run(host, work)
    assert.equal(existsSync(file()), false)
  })
})

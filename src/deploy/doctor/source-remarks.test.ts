import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RemoteError } from '../../remote/errors.ts'
import type { Script } from '../../remote/script.ts'
import type { DeployHost } from '../deployment.ts'
import { resolveStage, type Stage } from '../stage.ts'
import { sourceRemarks } from './source-remarks.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-source-'))
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@shop.example']
  spawnSync('git', ['init', '--quiet', '--initial-branch=main', folder])
  spawnSync('git', ['-C', folder, ...author, 'commit', '--quiet', '--allow-empty', '--message=first'])
})
after(() => rmSync(folder, { recursive: true }))

const shell = {
  async run({ name, body, args = [] }: Script) {
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', body, 'sh', ...args], { encoding: 'utf8' })
    if (status === 0) return { stdout, stderr }
    throw new RemoteError('remote.exit', `${name}: ${stderr}`, { host: 'web-1', exitCode: status })
  },
}

const stageFrom = (git: string, branch: string): Stage =>
  resolveStage(
    { application: 'shop', source: { git, branch }, stages: { live: { hosts: ['web-1'] } } },
    'live',
  )

async function found(stage: Stage, primary = true) {
  const host = { ...stage.hosts[0]!, primary, shell } as unknown as DeployHost
  return (await sourceRemarks(stage, host)).map(({ severity, what }) => [severity, what.split('\n')[0]])
}

test('a branch that is there is no finding', async () => {
  assert.deepEqual(await found(stageFrom(folder, 'main')), [])
})

test('a branch that is not there, and a repository that cannot be read, stop a deploy', async () => {
  const [[severity, what] = []] = await found(stageFrom(folder, 'nope'))
  assert.equal(severity, 'error')
  assert.match(what!, /has no branch, tag or commit nope \(asked from web-1\); push it, or correct/)
  assert.match(
    (await found(stageFrom(`${folder}-nope`, 'main')))[0]![1]!,
    /^web-1 cannot read the repository .*-nope; correct source\.git, or let that host reach it$/,
  )
})

test('only the primary host is asked, as in a deploy', async () => {
  assert.deepEqual(await found(stageFrom(folder, 'nope'), false), [])
})

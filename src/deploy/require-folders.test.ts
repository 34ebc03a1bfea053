import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Script } from '../remote/script.ts'
import { layoutOf } from './layout.ts'
import { requireFolders } from './require-folders.ts'

/** To root nothing is forbidden: then it is this user that deploys. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const DEPLOYS = isRoot ? { uid: NOBODY, gid: NOBODY } : {}

const run = async ({ body, args = [] }: Script) => {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', body, 'sh', ...args], {
    ...{ encoding: 'utf8', cwd: '/' },
    ...DEPLOYS,
  })
  assert.equal(status, 0, stderr)
  return { exitCode: 0, stdout, stderr, durationMs: 0 }
}

describe('the folders of a stage, before setup installs anything', () => {
  let parent: string
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'capstan-folders-'))
    chmodSync(parent, 0o755)
  })
  afterEach(() => {
    chmodSync(parent, 0o755)
    rmSync(parent, { recursive: true })
  })

  const root = () => join(parent, 'my shop')
  const asked = () => requireFolders({ name: 'live', layout: layoutOf(root()) }, 'deploy', { run })
  const refusal = async () => {
    const error = await asked().then(
      () => assert.fail('it was not refused'),
      (error) => error,
    )
    assert.equal(error.code, 'deploy.preflight')
    const [first, ...lines] = error.message.split('\n')
    assert.equal(first, 'nothing was changed here:')
    assert.equal(lines.pop(), 'then run capstan setup live again')
    return lines
  }

  test('may be absent: root makes them, whoever owns the parent', async () => {
    chmodSync(parent, 0o555)
    await asked()
  })

  test('may be there, when they may be written to', async () => {
    mkdirSync(join(root(), 'shared'), { recursive: true })
    for (const path of [root(), join(root(), 'shared')]) chmodSync(path, 0o777)
    await asked()
  })

  test('are refused where somebody else owns them, each with the command that mends it', async () => {
    mkdirSync(join(root(), 'shared'), { recursive: true })
    chmodSync(root(), 0o777)
    chmodSync(join(root(), 'shared'), 0o555)
    const [what, fix, ...more] = await refusal()
    assert.match(what, /^deploy has to write to .*\/my shop\/shared, but that belongs to \S+ \(dr-xr-xr-x\)$/)
    assert.equal(fix, `  as root: chown deploy: '${root()}/shared'`)
    assert.deepEqual(more, [])
  })

  test('are refused below a parent that lets nobody through', async () => {
    mkdirSync(join(root(), 'shared'), { recursive: true })
    chmodSync(parent, 0o644)
    const [what, fix, ...more] = await refusal()
    assert.match(
      what,
      /^deploy has to pass through \S+ to .*\/my shop, but that belongs to \S+ \(drw-r--r--\)$/,
    )
    assert.equal(fix, `  as root: chmod o+x ${parent}, or choose another deployTo`)
    assert.deepEqual(more, [])
  })
})

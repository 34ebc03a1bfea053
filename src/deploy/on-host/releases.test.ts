import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { layoutOf } from '../layout.ts'
import { listReleases, releaseFacts } from './releases.ts'
import { Reply } from './reply.ts'

const RELEASE = '20260101000000'
const UNIT = `shop-worker@${RELEASE}-1.service`

describe('a release with the link of an instance', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'capstan-releases-'))
    const layout = layoutOf(join(folder, 'shop'))
    for (const path of [layout.release(RELEASE), layout.instances, join(folder, 'bin'), join(folder, 'home')])
      await mkdir(path, { recursive: true })
    await symlink(layout.release(RELEASE), join(layout.instances, `${RELEASE}-1`))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** @param systemctl what stands in its place */
  const isInUse = async (systemctl: string): Promise<boolean | undefined> => {
    await writeFile(join(folder, 'bin/systemctl'), `#!/bin/sh\n${systemctl}\n`, { mode: 0o755 })
    const { body, args = [] } = listReleases(join(folder, 'shop'))
    const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: join(folder, 'home') }
    const stdout = execFileSync('sh', ['-euc', body, 'sh', ...args], { env, encoding: 'utf8' })
    return releaseFacts(new Reply(stdout)).find(({ name }) => name === RELEASE)?.isInUse
  }
  const runs = (unit: string) => `echo '${unit} loaded active running a worker'`

  test('is in use while systemd runs the instance', async () => {
    assert.equal(await isInUse(runs(UNIT)), true)
    assert.equal(await isInUse(`case $1 in --user) ${runs(UNIT)} ;; esac`), true)
  })

  test('is not when the instance has ended, or another one runs', async () => {
    assert.equal(await isInUse(''), false)
    assert.equal(await isInUse(runs(UNIT.replace('-1.', '-11.'))), false)
  })

  test('is in use when the instance would start at boot', async () => {
    const wants = join(folder, 'home/.config/systemd/user/default.target.wants')
    await mkdir(wants, { recursive: true })
    await symlink(`/home/deploy/.config/systemd/user/shop-worker@.service`, join(wants, UNIT))
    assert.equal(await isInUse(''), true)
  })

  test('counts as in use where systemd cannot be asked', async () => {
    assert.equal(await isInUse('exit 1'), true)
  })
})

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { hostImage } from './host-image.ts'
import { WITHOUT_HOSTS } from './without-hosts.ts'

/** As much of a Debian as is touched afterwards. */
const FOLDERS = 'etc/systemd/system etc/default etc/ssh/sshd_config.d sbin var/lib/dbus'

describe('the image of the hosts', { skip: WITHOUT_HOSTS }, () => {
  const { PATH, CAPSTAN_HOSTS_CACHE } = process.env
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-image-'))
    mkdirSync(join(folder, 'bin'))
    program('systemctl', 'true')
    process.env.PATH = `${join(folder, 'bin')}:${PATH}`
    process.env.CAPSTAN_HOSTS_CACHE = join(folder, 'cache')
  })
  afterEach(() => {
    process.env.PATH = PATH
    process.env.CAPSTAN_HOSTS_CACHE = CAPSTAN_HOSTS_CACHE ?? ''
    rmSync(folder, { recursive: true })
  })

  function program(name: string, body: string): void {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }

  /** Its fourth argument is the folder to fill. */
  function debootstrap(rest: string): void {
    const fill = `cd "$4"; mkdir -p ${FOLDERS}; touch var/lib/dbus/machine-id etc/ssh/ssh_host_rsa_key`
    program('debootstrap', `echo "$4" >>${folder}/calls; mkdir "$4"; ${fill}; ${rest}`)
  }

  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length

  test('is built once, by one of all who want it at once, and found afterwards', async () => {
    debootstrap('sleep 0.2')
    const images = await Promise.all([hostImage(), hostImage(), hostImage()])
    assert.deepEqual(new Set([...images, await hostImage()]).size, 1)
    assert.equal(calls(), 1)
  })

  test('holds nothing that two hosts must not share', async () => {
    debootstrap('')
    const image = await hostImage()
    assert.ok(!existsSync(join(image, 'var/lib/dbus/machine-id')))
    assert.deepEqual(readdirSync(join(image, 'etc/ssh')), ['sshd_config.d'])
  })

  test('does not count when it was built by half: the next one begins anew', async () => {
    debootstrap('echo "E: no network"; exit 1')
    await assert.rejects(hostImage(), /E: no network/)
    debootstrap('test ! -e half && touch half')
    assert.ok(existsSync(join(await hostImage(), 'half')))
    assert.equal(calls(), 2)
  })
})

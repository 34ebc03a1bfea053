import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { allow, BROAD_RULE, UNIT_FILE } from './article-host.ts'
import { ArticleScene } from './article-scene.ts'

/** With room for a machine that is busy with other tests. */
const LIMIT = { timeout: 300_000 }

const WITH_PASSWORD = 'deploy ALL=(ALL) /usr/bin/systemctl'
const EXACT_RULE = /^ +(deploy ALL=\(root\) NOPASSWD: \S+ .*)$/gm

describe('what goes wrong with Capistrano, systemd and sudo', { skip: WITHOUT_HOSTS, ...LIMIT }, () => {
  let scene: ArticleScene
  before(async () => {
    scene = await ArticleScene.open()
    await scene.mustCap('deploy')
    await scene.import()
  })
  after(() => scene[Symbol.asyncDispose]())

  test('without ExecReload nothing is quieted by a reload; a signal needs none', LIMIT, async () => {
    await scene.host.output(`sed -i /ExecReload/d ${UNIT_FILE} && systemctl daemon-reload`)
    const cap = await scene.mustCap('sidekiq:quiet')
    assert.match(
      cap.stdout,
      /Failed to reload sidekiq\.service: Job type reload is not applicable for unit sidekiq\.service\./,
    )
    await scene.mustCapstan('quiet', 'staging')
    await scene.sidekiqIs('quiet', ({ title }) => title.endsWith('stopping'))
    await scene.mustCapstan('deploy', 'staging')
  })

  test('without NOPASSWD a deploy is refused before anything is done, with the lines that are missing', {
    ...LIMIT,
  }, async () => {
    const before = { current: await scene.current(), releases: await scene.releases() }
    await allow(scene.host, WITH_PASSWORD)
    const cap = await scene.cap('sidekiq:stop')
    assert.notEqual(cap.code, 0)
    assert.match(cap.stdout + cap.stderr, /sudo: a terminal is required to read the password/)
    const stop = await scene.capstan('stop', 'staging')
    assert.equal(stop.code, 3, stop.stderr)
    assert.match(stop.stderr, /NOPASSWD: \/usr\/bin\/systemctl stop sidekiq\.service/)
    const { code, stderr } = await scene.capstan('deploy', 'staging')
    assert.equal(code, 3, stderr)
    assert.match(stderr, /not ready, nothing was changed/)
    assert.deepEqual({ current: await scene.current(), releases: await scene.releases() }, before)
    const rules = [...stderr.matchAll(EXACT_RULE)].map(([, rule]) => rule!)
    assert.equal(rules.length, 5, stderr)
    await allow(scene.host, ...rules)
    await scene.mustCapstan('deploy', 'staging')
    await scene.mustCapstan('restart', 'staging')
  })

  test('a user manager that is not there is named with what switches it on', LIMIT, async () => {
    await allow(scene.host, `deploy ALL=(ALL) ${BROAD_RULE}`)
    const settings = join(scene.folder, 'config/deploy.rb')
    await writeFile(settings, (await readFile(settings, 'utf8')).replace(/^.*:system$/m, ''))
    const notFound = await scene.cap('sidekiq:start')
    assert.match(notFound.stdout + notFound.stderr, /Unit sidekiq\.service not found/)
    await scene.host.write('/etc/ssh/sshd_config.d/without-pam.conf', 'UsePAM no\n')
    await scene.host.output('systemctl reload ssh')
    const noBus = await scene.cap('sidekiq:start')
    assert.match(noBus.stdout + noBus.stderr, /Failed to connect to bus: No medium found/)
    const ours = await scene.capstan('deploy', 'staging', '--set', 'services.sidekiq.manager=user')
    assert.equal(ours.code, 3, ours.stderr)
    assert.match(ours.stderr, /linger is off for deploy/)
    assert.match(ours.stderr, /as root: loginctl enable-linger deploy/)
    await scene.host.output('loginctl enable-linger deploy')
    const again = await scene.capstan('deploy', 'staging', '--set', 'services.sidekiq.manager=user')
    assert.doesNotMatch(again.stderr, /linger/)
    assert.match(again.stderr, /the unit sidekiq\.service is not installed/)
  })
})

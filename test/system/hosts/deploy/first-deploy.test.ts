import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'

/** Of all tests together. */
const LIMIT_MS = 400_000

/** Nothing of it may be run as root. */
const FORBIDDEN = [
  'systemctl restart sshd',
  'systemctl restart ssh.service',
  'systemctl enable --now /home/deploy/own.service',
  'systemctl restart shop-worker@20261124103000-1.service ssh.service',
  'systemctl edit shop-worker@20261124103000-1.service',
  'systemctl daemon-reload',
  'sh -c id',
]

describe('a first deploy to two bare hosts', { skip: WITHOUT_HOSTS, timeout: LIMIT_MS }, () => {
  let scene: DeployScene
  before(async () => {
    scene = await DeployScene.open()
  })
  after(() => scene[Symbol.asyncDispose]())

  const onEachHost = async (look: (host: Host) => Promise<void>) => {
    await Promise.all(scene.hosts.map(look))
  }

  test('is refused before setup, with what to do on each host, and changes nothing', async () => {
    const { code, stderr } = await scene.capstan('deploy', 'production')
    assert.equal(code, 3, stderr)
    for (const { name } of scene.hosts)
      assert.match(stderr, new RegExp(`${name}: ${DEPLOY_TO} is not there\\n.*capstan setup production`))
    await onEachHost(async (host) => assert.equal(await host.output(`ls /var/www`), ''))
  })

  test('is prepared by root with setup, which has nothing to do the second time', async () => {
    const first = await scene.must('setup', 'production')
    assert.match(first.stdout, /web-2: installed\n {2}\/etc\/systemd\/system\/shop-worker@\.service\n/)
    assert.equal(first.stderr, '')
    const second = await scene.must('setup', 'production')
    assert.deepEqual(second.stdout.trim().split('\n'), [
      'web-1: nothing to change',
      'web-2: nothing to change',
      'next: capstan deploy production -n',
    ])
  })

  test('gets the shared folders by setup, and the command for each linked file that is missing', async () => {
    const { stdout } = await scene.must('setup', 'production', '--set', 'linkedFiles=["config/key"]')
    for (const { name } of scene.hosts)
      assert.match(
        stdout,
        new RegExp(`next: scp .* config/key deploy@${name}:${DEPLOY_TO}/shared/config/key`),
      )
    await onEachHost(async (host) =>
      assert.equal(await host.output(`stat -c %U ${DEPLOY_TO}/shared/config`), 'deploy'),
    )
  })

  test('needs few rights: all others are refused by sudo', async () => {
    await onEachHost(async (host) => {
      for (const words of FORBIDDEN) {
        const { code, stderr } = await host.run(`sudo -n ${words}`, { user: 'deploy' })
        assert.equal(code, 1, words)
        assert.match(stderr, /a password is required/, words)
      }
    })
  })

  test('makes the tree of Capistrano and starts the workers in the release', async (context) => {
    const { stdout } = await scene.must('deploy', 'production')
    context.diagnostic(stdout.split('\n')[0]!)
    const release = (await scene.current())!
    await onEachHost(async (host) => {
      const inRoot = (words: string) => host.output(`cd ${DEPLOY_TO} && ${words}`)
      assert.equal(await inRoot('ls'), 'current\nreleases\nrevisions.log\nshared')
      assert.equal(await inRoot('ls releases'), release)
      assert.equal(await inRoot('readlink current'), `${DEPLOY_TO}/releases/${release}`)
      assert.equal(await inRoot('readlink current/log'), `${DEPLOY_TO}/shared/log`)
      const revision = await inRoot('cat current/REVISION')
      assert.equal(
        await inRoot('cat revisions.log'),
        `Branch upload (at ${revision}) deployed as release ${release} by tester`,
      )
      assert.match(await inRoot('cat current/REVISION_TIME'), /^\d{10}$/)
      const [worker, ...others] = await scene.worksIn(host, release)
      assert.equal(worker?.unit, `shop-worker@${release}-1.service`)
      assert.deepEqual(others, [])
      assert.equal(worker?.enabled, true)
      assert.equal(await host.output(`ps -o user= -p ${worker?.pid}`), 'deploy')
      assert.equal(
        await host.output(`systemctl show --value -p StatusText ${worker?.unit}`),
        '0/10 busy, 0 waiting',
      )
      assert.equal(await scene.stateOf(release, host), 'good')
    })
    await scene.enqueue('first', 10)
    assert.equal((await scene.noted('ended first')).release, release)
  })

  test('keeps its environment from other users of the host', async () => {
    await onEachHost(async (host) => {
      const file = `${DEPLOY_TO}/current/.capstan-environment`
      assert.match(await host.read(file), /^NODE_OPTIONS="--conditions=capstan-source"$/m)
      assert.equal(await host.output(`stat -c '%a %U' ${file}`), '600 deploy')
    })
  })

  test('is followed by others; those that are older than keep go, and workers of ended releases with them', async () => {
    for (const _ of [2, 3, 4]) await scene.deploy()
    const release = (await scene.current())!
    await onEachHost(async (host) => {
      await scene.worksIn(host, release)
      // A release that still ended when the last deploy was through stays until the next one.
      const kept = (await host.output(`ls ${DEPLOY_TO}/releases`)).split('\n')
      assert.ok(kept.length === 3 || kept.length === 4, kept.join())
      assert.equal((await host.output(`wc -l < ${DEPLOY_TO}/revisions.log`)).trim(), '4')
    })
  })

  test('brings the workers back after a reboot', async () => {
    const release = (await scene.current())!
    await onEachHost((host) => host.reboot())
    await onEachHost(async (host) => {
      const [worker] = await scene.worksIn(host, release)
      assert.equal(worker?.unit, `shop-worker@${release}-1.service`)
    })
    await scene.enqueue('after', 10)
    await scene.noted('ended after')
  })
})

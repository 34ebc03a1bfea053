import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { CAPSTAN } from '../worker-service.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'
import { listing } from './fault.ts'

const LIMIT = { timeout: 120_000 }

/** A `date` that is found before the true one, and ahead of it by five minutes, in whatever form it is asked. */
const FAST_CLOCK = `#!/bin/sh\nexec /usr/bin/date --date='5 minutes' "$@"\n`

/** A Node that takes itself for an old one, however it is asked. */
const OLD_NODE = `#!/bin/sh
if [ "$1" = --version ]; then echo v18.20.4; exit; fi
exec ${CAPSTAN}/node_modules/node/bin/node --require /srv/old.cjs "$@"
`
const AGED = `
Object.defineProperty(process, 'version', { value: 'v18.20.4' })
Object.defineProperty(process, 'execPath', { value: '/usr/local/bin/node' })
`

describe('a deploy to hosts that are not ready', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  let first: Host
  let second: Host
  before(async () => {
    scene = await DeployScene.open()
    ;[first, second] = scene.hosts as [Host, Host]
    await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  /** The deploy ends with 3 and changes nothing on any host; returns what it says. */
  const refused = async (...set: string[]): Promise<string> => {
    const before = await Promise.all(scene.hosts.map((host) => listing(host)))
    const { code, stderr } = await scene.capstan(
      'deploy',
      'production',
      ...set.flatMap((word) => ['--set', word]),
    )
    assert.equal(code, 3, stderr)
    assert.match(stderr, /not ready, nothing was changed/)
    assert.deepEqual(await Promise.all(scene.hosts.map((host) => listing(host))), before)
    return stderr
  }

  test('names all linked files that are missing, on all hosts', LIMIT, async () => {
    await first.write(`${DEPLOY_TO}/shared/config/there.json`, '{}', { owner: 'deploy' })
    const stderr = await refused('linkedFiles=["config/there.json","config/a b.json","config/key"]')
    const missing = [...stderr.matchAll(/^\W*(web-\d): linked file (.*) is missing$/gm)].map(
      ([, host, file]) => `${host} ${file}`,
    )
    const shared = `${DEPLOY_TO}/shared/config`
    assert.deepEqual(missing, [
      `web-1 ${shared}/a b.json`,
      `web-1 ${shared}/key`,
      `web-2 ${shared}/there.json`,
      `web-2 ${shared}/a b.json`,
      `web-2 ${shared}/key`,
    ])
  })

  test('says that current is a folder, and how to move it away, which is enough', LIMIT, async () => {
    const link = await second.output(`readlink ${DEPLOY_TO}/current`)
    await second.output(`cd ${DEPLOY_TO} && rm current && mkdir current && touch current/precious`)
    const stderr = await refused()
    const [, fix] = /web-2: .*current is not a link\n\s*move it away: (.*)/.exec(stderr) ?? []
    assert.ok(fix, stderr)
    await second.output(fix, { user: 'deploy' })
    const release = await scene.deploy()
    assert.equal(await scene.current(second), release)
    await second.output(`test -e ${DEPLOY_TO}/current.before/precious && test -d ${link}`)
  })

  test('prints the lines that sudo lacks, which are enough', LIMIT, async () => {
    const rules = '/etc/sudoers.d/capstan-shop'
    const complete = await second.read(rules)
    await second.write(rules, complete.replaceAll(/.*disable --now.*\n/g, ''), { mode: '440' })
    const stderr = await refused()
    assert.doesNotMatch(stderr, /web-1/)
    const lines = stderr.match(/deploy ALL=\(root\) NOPASSWD: .*/g) ?? []
    assert.equal(lines.length, 4)
    await second.write('/etc/sudoers.d/added', `${lines.join('\n')}\n`, { mode: '440' })
    await second.output('visudo -cq')
    const release = await scene.deploy()
    await scene.worksIn(second, release)
    await second.output('rm /etc/sudoers.d/added')
    await second.write(rules, complete, { mode: '440' })
  })

  test(
    'are refused by setup, too, where a folder belongs to somebody else, with what is enough',
    LIMIT,
    async () => {
      await second.output(`chown root: ${DEPLOY_TO} && rm /etc/sudoers.d/capstan-shop`)
      const { code, stderr } = await scene.capstan('setup', 'production')
      assert.equal(code, 3, stderr)
      assert.match(
        stderr,
        /web-2: nothing was changed here:\n *deploy has to write to .* belongs to root \(d/,
      )
      assert.doesNotMatch(stderr, /web-1|mkdir/)
      assert.equal((await second.run('test -e /etc/sudoers.d/capstan-shop')).code, 1)
      const [, fix] = /as root: (chown .*)/.exec(stderr) ?? []
      assert.ok((await refused()).includes(`web-2: deploy may not write to ${DEPLOY_TO}\n`))
      await second.output(fix!)
      await scene.must('setup', 'production')
      await scene.deploy()
    },
  )

  test('says that a clock is minutes off', LIMIT, async () => {
    await second.write('/usr/local/bin/date', FAST_CLOCK, { mode: '755' })
    assert.match(await refused(), /web-2: its clock is (299|300|301) s ahead\n\s*set the clocks/)
    await second.output('rm /usr/local/bin/date')
  })

  test('says that there is no Node, or one that is too old', LIMIT, async () => {
    await second.output('umount --lazy /usr/local/bin/node && rm /usr/local/bin/node')
    assert.match(await refused(), /web-2: Node was not found\n\s*install Node 22\.18/)
    await second.write('/srv/old.cjs', AGED)
    await second.write('/usr/local/bin/node', OLD_NODE, { mode: '755' })
    assert.match(await refused(), /web-2: Node is too old: 18\.20\.4 at \/usr\/local\/bin\/node/)
    await second.output('rm /usr/local/bin/node')
  })

  test("says that the user's own services would not outlive the deploy", LIMIT, async () => {
    const stderr = await refused('services.worker.manager=user')
    for (const host of ['web-1', 'web-2'])
      assert.match(
        stderr,
        new RegExp(`${host}: linger is off for deploy.*\\n\\s*as root: loginctl enable-linger deploy\\n`),
      )
  })

  test('needs no Node on the host when it is part of the release', LIMIT, async () => {
    const build =
      'mkdir -p node_modules && ln -sfn /opt/capstan node_modules/capstan && ln -sfn /opt/capstan/node_modules/node node_modules/node'
    const set = [`node=release`, `build=${JSON.stringify([build, 'node --version >log/node'])}`]
    const words = set.flatMap((word) => ['--set', word])
    assert.equal((await second.run('command -v node')).code, 127)
    await scene.must('setup', 'production', ...words)
    const release = await scene.deploy(...words)
    for (const host of scene.hosts) await scene.worksIn(host, release)
    assert.equal(await second.read(`${DEPLOY_TO}/shared/log/node`), `${process.version}\n`)
  })
})

describe('a deploy', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  let second: Host
  before(async () => {
    scene = await DeployScene.open()
    second = scene.hosts[1]!
    await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  test(
    'that fills the disk of one host is not live anywhere, and the next one works when there is room',
    LIMIT,
    async () => {
      const live = await scene.current()
      const instances = await Promise.all(scene.hosts.map((host) => scene.instances(host)))
      const releases = `${DEPLOY_TO}/releases`
      await second.output(`
        cp -a ${releases} /tmp/kept
        mount -t tmpfs -o size=1m,mode=755,uid=$(id -u deploy) small ${releases}
        cp -a /tmp/kept/. ${releases}
        ! head -c 2m /dev/zero 2>/dev/null >${releases}/ballast`)
      const { code, stderr } = await scene.capstan('deploy', 'production')
      assert.equal(code, 5, stderr)
      assert.match(stderr, /prepare failed: web-2: unpack the code: .*\n(.*\n)*.*No space left on device/)
      assert.doesNotMatch(stderr, /web-1: .*No space/)
      assert.deepEqual(await Promise.all(scene.hosts.map((host) => scene.instances(host))), instances)
      for (const host of scene.hosts) assert.equal(await scene.current(host), live)
      await second.output(`mount -o remount,size=50m ${releases}`)
      const release = await scene.deploy()
      for (const host of scene.hosts) {
        await scene.worksIn(host, release)
        assert.equal(await scene.current(host), release)
      }
    },
  )

  test('is not led astray by links that runs left behind which died', LIMIT, async () => {
    const live = await scene.current(second)
    await second.output(
      `cd ${DEPLOY_TO} && for link in releases/current .capstan/current.0badc0de .capstan/current.dead.back; do ln -s ${DEPLOY_TO}/releases/${live} $link; done`,
    )
    const release = await scene.deploy()
    assert.equal(await scene.current(second), release)
    assert.equal(await second.output(`readlink ${DEPLOY_TO}/current`), `${DEPLOY_TO}/releases/${release}`)
    assert.equal(
      await second.output(`find ${DEPLOY_TO}/releases/${live}/ -maxdepth 1 -type l -name '*current*'`),
      '',
    )
    assert.equal(await second.output(`ls ${DEPLOY_TO}/.capstan | grep current || true`), '')
  })

  test('quiets and drains a worker whose unit says nothing of a reload', LIMIT, async () => {
    const template = 'shop-worker@'
    for (const host of scene.hosts) {
      await host.write(`/etc/systemd/system/${template}.service.d/no.conf`, '[Service]\nExecReload=\n')
      await host.output('systemctl daemon-reload')
      assert.equal(await host.output(`systemctl show --value -p ExecReload '${template}*'`), '')
    }
    const live = await scene.current()
    await scene.enqueue('long', 8_000)
    const { host } = await scene.noted('began long')
    const { stderr } = await scene.must('deploy', 'production', '--set', 'services.worker.cutover=replace')
    assert.match(stderr, new RegExp(`${host} {2}worker: 1 job left`))
    assert.equal((await scene.noted('ended long')).release, live)
    assert.equal((await scene.diary()).filter(({ job }) => job === 'long').length, 2, 'it ran once')
  })
})

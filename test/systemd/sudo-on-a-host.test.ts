import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { sudoersFile } from '../../src/systemd/sudoers.ts'
import { FIXED_VERBS, systemctl, TEMPLATE_VERBS } from '../../src/systemd/systemctl.ts'
import { bootHost, type Host } from '../system/hosts/host.ts'
import { WITHOUT_HOSTS } from '../system/hosts/without-hosts.ts'

const INSTANCE = 'shop-worker@20261124103000-1.service'
const RIGHTS = [
  { unit: 'shop-worker@.service', verbs: TEMPLATE_VERBS },
  { unit: 'sidekiq.service', verbs: FIXED_VERBS },
]
const ARTICLE = readFileSync(new URL('../../src/systemd/fixtures/article-sudoers', import.meta.url), 'utf8')

/** Commands that look much like what is allowed. */
const NEAR_MISSES = [
  `restart ${INSTANCE} sshd.service`,
  'restart sshd.service',
  'restart shop-worker@20261124103000-1',
  'restart shop-worker@2026112410300-1.service',
  'restart shop-worker@20261124103000-x.service',
  'restart shop-worker@20261124103000-100.service',
  'restart shop-worker@*.service',
  'restart other-worker@20261124103000-1.service',
  `restart --no-block ${INSTANCE}`,
  `kill --kill-who=main -s KILL ${INSTANCE}`,
  `kill --kill-who=all -s TSTP ${INSTANCE}`,
  `enable ${INSTANCE}`,
  'enable --now /home/deploy/shop-worker@20261124103000-1.service',
  'enable --now /tmp/a.service shop-worker@20261124103000-1.service',
  `stop ${INSTANCE}`,
  'restart sidekiq',
  'restart sidekiqxservice',
  'enable --now sidekiq.service',
  'link /home/deploy/evil.service',
  'edit sidekiq.service',
  'set-environment LD_PRELOAD=/home/deploy/evil.so',
  'daemon-reload',
  '',
]

describe('sudo', { skip: WITHOUT_HOSTS }, () => {
  let host: Host
  before(async () => {
    host = await bootHost({ node: false })
    await host.addUser('deploy')
    await host.addUser('hoge')
    await host.write('/etc/sudoers.d/hoge', ARTICLE, { mode: '440' })
  })
  after(() => host?.[Symbol.asyncDispose]())

  const isAllowed = async (words: readonly string[]) =>
    (await host.run(['sudo', '-n', '-l', ...words], { user: 'deploy' })).code === 0

  for (const regularExpressions of [false, true])
    describe(`with our file (regular expressions: ${regularExpressions})`, () => {
      before(async () => {
        const text = sudoersFile({ application: 'shop', user: 'deploy', rights: RIGHTS, regularExpressions })
        await host.write('/etc/sudoers.d/capstan-shop', text, { mode: '440' })
        await host.output(['visudo', '-c'])
      })

      test('allows every command that a deploy runs, argument for argument', async () => {
        const commands = RIGHTS.flatMap(({ unit, verbs }) =>
          verbs.map((verb) =>
            systemctl(verb, unit === 'sidekiq.service' ? unit : INSTANCE, 'system').slice(2),
          ),
        )
        for (const words of commands) assert.ok(await isAllowed(words), words.join(' '))
        assert.ok(await isAllowed(systemctl('restart', INSTANCE.replace('-1.', '-12.'), 'system').slice(2)))
      })

      test('refuses what looks much like it', async () => {
        for (const line of NEAR_MISSES)
          assert.ok(!(await isAllowed(['/usr/bin/systemctl', ...line.split(' ').filter(Boolean)])), line)
      })
    })

  test("the article's line lets its user run anything as root, which ours does not", async () => {
    const evil = '[Service]\nType=oneshot\nExecStart=/usr/bin/install -m 600 /dev/null /root/was-here\n'
    const become = (user: string) =>
      host.run(
        `sudo -n /usr/bin/systemctl link /home/${user}/evil.service && sudo -n /usr/bin/systemctl start evil`,
        { user },
      )
    for (const user of ['deploy', 'hoge'])
      await host.write(`/home/${user}/evil.service`, evil, { owner: user })
    assert.notEqual((await become('deploy')).code, 0)
    assert.equal((await host.run(['test', '-e', '/root/was-here'])).code, 1)
    assert.equal((await become('hoge')).code, 0)
    assert.equal((await host.run(['test', '-e', '/root/was-here'])).code, 0)
  })

  test('without a rule sudo says what the guide says that it says', async () => {
    const { stderr } = await host.run(['sudo', '/usr/bin/systemctl', 'restart', 'sshd.service'], {
      user: 'deploy',
    })
    assert.match(stderr, /sudo: a terminal is required to read the password/)
    const quiet = await host.run(['sudo', '-n', '/usr/bin/systemctl', 'restart', 'sshd.service'], {
      user: 'deploy',
    })
    assert.match(quiet.stderr, /sudo: a password is required/)
  })
})

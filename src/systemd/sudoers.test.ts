import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { checkSudoers } from './check-sudoers.ts'
import { sudoersFile, sudoersPath } from './sudoers.ts'
import { checkSudoersSyntax } from './sudoers-syntax.ts'
import { FIXED_VERBS, systemctl, TEMPLATE_VERBS } from './systemctl.ts'

const RIGHTS = {
  application: 'shop',
  user: 'deploy',
  rights: [
    { unit: 'shop-worker@.service', verbs: TEMPLATE_VERBS },
    { unit: 'sidekiq.service', verbs: FIXED_VERBS },
  ],
}

test('a command is the same words for the deploy and for sudo', () => {
  assert.deepEqual(systemctl('quiet', 'sidekiq.service', 'system'), [
    ...['sudo', '-n', '/usr/bin/systemctl', 'kill', '--kill-who=main', '-s', 'TSTP', 'sidekiq.service'],
  ])
  assert.deepEqual(systemctl('disable --now --no-block', 'a@1.service', 'user'), [
    ...['systemctl', '--user', 'disable', '--now', '--no-block', 'a@1.service'],
  ])
})

describe('the sudoers file', () => {
  test('has one line for each command and unit, instances as digits', () => {
    const file = sudoersFile({ ...RIGHTS, rights: [{ unit: 'shop-worker@.service', verbs: ['quiet'] }] })
    const digits = '[0-9]'.repeat(14)
    assert.deepEqual(file.split('\n').slice(2, -1), [
      `deploy ALL=(root) NOPASSWD: /usr/bin/systemctl kill --kill-who\\=main -s TSTP shop-worker@${digits}-[0-9].service`,
      `deploy ALL=(root) NOPASSWD: /usr/bin/systemctl kill --kill-who\\=main -s TSTP shop-worker@${digits}-[0-9][0-9].service`,
    ])
  })

  for (const regularExpressions of [false, true]) {
    test(`is accepted by visudo and by our own check (regular expressions: ${regularExpressions})`, () => {
      const file = sudoersFile({ ...RIGHTS, regularExpressions })
      const { status, stderr } = spawnSync('visudo', ['--check', '--file=-'], {
        input: file,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
      assert.deepEqual([...checkSudoersSyntax(file), ...checkSudoers(file)], [])
    })
  }

  test('has a name that sudo reads', () =>
    assert.equal(sudoersPath('shop.eu'), '/etc/sudoers.d/capstan-shop_eu'))

  for (const unit of [
    'a.service b.service',
    '*.service',
    'a',
    '/tmp/a.service',
    'a,b.service',
    'a.service\nx',
  ])
    test(`is refused for the unit ${JSON.stringify(unit)}`, () => {
      assert.throws(() => sudoersFile({ ...RIGHTS, rights: [{ unit, verbs: ['start'] }] }), {
        code: 'sudoers.value',
      })
    })

  for (const user of ['', 'a b', '%wheel', 'ALL\nx'])
    test(`is refused for the user ${JSON.stringify(user)}`, () => {
      assert.throws(() => sudoersFile({ ...RIGHTS, user }), { code: 'sudoers.value' })
    })
})

describe('checking sudo rules', () => {
  test("finds that the article's line is root, and says how", () => {
    const text = readFileSync(new URL('fixtures/article-sudoers', import.meta.url), 'utf8')
    const [finding, ...more] = checkSudoers(text)
    assert.deepEqual([finding?.severity, finding?.line, more.length], ['error', 1, 0])
    assert.match(finding!.what, /`systemctl link` and `enable` take any path/)
    assert.match(finding!.fix, /capstan sudoers/)
  })

  for (const [rule, form] of [
    ['ALL=(ALL) NOPASSWD: ALL', /ALL without limits/],
    ['ALL=(ALL:ALL) ALL', /ALL without limits/],
    ['ALL = NOPASSWD: /usr/bin/systemctl restart shop-*', /match spaces/],
    ['ALL=(root) NOPASSWD: /bin/mv, /usr/bin/systemctl start a.service', /\/bin\/mv as root is root/],
    ['ALL=(root) NOPASSWD: /usr/bin/systemctl edit a.service', /can become root/],
    ['ALL=(root) NOPASSWD: /usr/bin/systemctl restart sidekiq', /compares byte by byte/],
    ['ALL=(root) NOPASSWD: /usr/bin/systemctl ^restart .*$', /more than one unit/],
  ] as const)
    test(`finds ${rule}`, () => {
      const [finding] = checkSudoers(`# a comment\nDefaults env_reset\ndeploy ${rule}\n`)
      assert.match(finding?.what ?? 'nothing', form)
      assert.equal(finding?.line, 3)
    })

  test('is content with exact rules, daemon-reload and other programs', () => {
    const rules = ['/usr/bin/systemctl restart a.service', '/usr/bin/systemctl daemon-reload', '/usr/bin/id']
    assert.deepEqual(checkSudoers(rules.map((rule) => `a ALL=(root) NOPASSWD: ${rule}\n`).join('')), [])
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Reply } from '../on-host/reply.ts'
import type { PreflightFacts } from '../phases/preflight-facts.ts'
import type { ReleaseFacts } from '../release.ts'
import { resolveStage } from '../stage.ts'
import { accountRemarks } from './account-remarks.ts'
import type { Remark } from './host-finding.ts'
import { redisRemarks } from './probe-redis.ts'
import { type FoundService, type FoundUnit, foundUnits } from './probe-services.ts'
import { unitRemarks } from './service-remarks.ts'
import { treeRemarks } from './tree-remarks.ts'

const stage = resolveStage(
  {
    application: 'shop',
    source: { git: 'git@git.example:shop.git' },
    services: { sidekiq: { type: 'sidekiq' } },
    stages: { production: { hosts: ['web-1'] } },
  },
  'production',
)
const [host] = stage.hosts

const facts: PreflightFacts = {
  ...{ user: 'deploy', clock: 0, root: 'writable', freeBytes: 2 ** 30, skewMs: 0, systemd: 252 },
  ...{ current: { kind: 'link', release: '20260102000000' }, hasStaleLink: false },
  ...{ missingFiles: [], missingPrograms: [], unfinished: null, closed: null },
  ...{ lingers: false, releases: [], nodes: [], units: [], refused: [] },
}
const tree = {
  currentText: '/var/www/shop/current',
  unwritable: [],
  repository: null,
  links: [],
  lastRevision: null,
}

const release = (name: string, changes: Partial<ReleaseFacts> = {}): ReleaseFacts => ({
  ...{ name, isCurrent: false, isInUse: false, isLogged: true, manifest: null, revision: null },
  ...changes,
})
const good = { state: 'good', revision: 'a', by: 'ada', at: '2026-01-01T00:00:00Z' } as const

const kinds = (remarks: readonly Remark[], form: RegExp) =>
  remarks.filter(({ what }) => form.test(what)).map(({ severity }) => severity)

describe('what doctor says of a unit', () => {
  const service: FoundService = {
    ...{ name: 'sidekiq.service', active: 'active', sub: 'running', startsAtBoot: 'enabled', pid: 7 },
    ...{ owner: 'deploy', directory: '/var/www/shop/releases/20260102000000', status: '' },
    title: 'sidekiq 6.4.1 shop [0 of 5 busy]',
  }
  const unit: FoundUnit = {
    ...{ name: 'sidekiq.service', manager: 'system', path: '/etc/systemd/system/sidekiq.service' },
    ...{ owner: 'root', mode: '644', isWritable: false, services: [service] },
    text: '[Service]\nUser=deploy\nExecStart=/usr/bin/sidekiq\n',
  }
  const says = (changes: Partial<FoundService>, form: RegExp, about: Partial<FoundUnit> = {}) =>
    kinds(unitRemarks(stage, facts, { ...unit, services: [{ ...service, ...changes }], ...about }), form)

  test('a worker that is well is not deaf, not lost and not root', () =>
    assert.deepEqual(says({}, /deaf|is gone|live is|as root|does not start|whoever/), []))

  test('one that was quieted and goes on is deaf; one that ends is not', () => {
    const title = 'sidekiq 6.4.1 shop [2 of 5 busy] stopping'
    assert.deepEqual(says({ title }, /active and deaf/), ['error'])
    assert.deepEqual(says({ title: 'node', status: 'quiet, 2 jobs left' }, /active and deaf/), ['error'])
    assert.deepEqual(says({ title, active: 'deactivating' }, /active and deaf/), [])
    assert.deepEqual(says({ title: 'sidekiq 6.4.1 stopping [2 of 5 busy]' }, /active and deaf/), [])
  })

  test('one in a folder that is gone, or in another release, is found', () => {
    assert.deepEqual(says({ directory: '/var/www/shop/releases/20250101000000 (deleted)' }, /is gone/), [
      'error',
    ])
    assert.deepEqual(says({ directory: '/var/www/shop/releases/20250101000000' }, /live is/), ['warning'])
  })

  test('a file that others may write is a way to root, but not in a manager of the user', () => {
    assert.deepEqual(says({}, /whoever may write/, { mode: '664' }), ['error'])
    assert.deepEqual(says({}, /whoever may write/, { owner: 'deploy' }), ['error'])
    assert.deepEqual(says({}, /whoever may write/, { owner: 'deploy', manager: 'user' }), [])
  })

  test('one that crashes, has failed, or stays off after a reboot is found', () => {
    assert.deepEqual(says({ sub: 'auto-restart', active: 'activating' }, /again and again/), ['error'])
    assert.deepEqual(says({ active: 'failed', pid: 0 }, /has failed/), ['error'])
    assert.deepEqual(says({ startsAtBoot: 'disabled' }, /runs but does not start/), ['warning'])
  })
})

describe('what doctor says of releases', () => {
  const says = (form: RegExp, known: Partial<PreflightFacts>, about: Partial<typeof tree> & object = {}) =>
    kinds(treeRemarks(stage, { ...facts, ...known }, { ...tree, ...about }), form)

  test('a deploy of Capistrano after one of ours is noticed', () => {
    const lastRevision = 'Branch main (at b) deployed as release 20260103000000 by grace' as never
    const theirs = release('20260103000000', { isCurrent: true })
    const mixed = [release('20260102000000', { manifest: good }), theirs]
    assert.deepEqual(says(/by Capistrano after/, { releases: mixed }, { lastRevision }), ['warning'])
    assert.deepEqual(says(/by Capistrano after/, { releases: [theirs] }, { lastRevision }), [])
  })

  test('one is not many, and a user or a branch that revisions.log lacks leaves no hole', () => {
    const words = (known: Partial<PreflightFacts>, lastRevision: string | null) =>
      treeRemarks({ ...stage, keep: 1 }, { ...facts, ...known }, { ...tree, lastRevision }).map(
        ({ what }) => what,
      )
    const live = release('20260102000000', { isCurrent: true, manifest: good })
    assert.deepEqual(words({ releases: [live] }, null), [
      '/var/www/shop has 1 release (1 good); 1 good one is kept; live is 20260102000000',
    ])
    for (const [line, said] of [
      [
        'Branch main (at b) deployed as release 20260102000000 by ',
        'somebody deployed branch main as release',
      ],
      ['Branch  (at ) deployed as release 20260102000000 by ada', 'ada deployed release'],
      [' rolled back to release 20260102000000', 'somebody rolled back to release'],
    ] as const)
      assert.equal(words({}, line).at(-1), `${said} 20260102000000, says revisions.log`)
  })

  test('a line of revisions.log in other words is shown as it is', () => {
    const lastRevision = 'Zweig main ausgeliefert' as never
    assert.deepEqual(says(/words of its own: Zweig/, {}, { lastRevision }), ['note'])
  })

  test('a current that leads nowhere is an error', () =>
    assert.deepEqual(says(/which is not there/, { current: { kind: 'link' } }), ['error']))

  test('a closed stage and a dead deploy are told', () =>
    assert.deepEqual(says(/is closed|or died/, { closed: '{}', unfinished: '{}' }), ['warning', 'warning']))
})

describe('what doctor says of the account', () => {
  const account = { isRoot: false, system: null, hasSystemd: true, rules: [], sidekiqs: [] }
  const says = (form: RegExp, about: object, units: FoundUnit[] = []) =>
    kinds(accountRemarks(stage, host!, { facts, account: { ...account, ...about }, units }), form)

  test('a Sidekiq that no unit runs is found', () => {
    const sidekiqs = [{ pid: 9, user: 'deploy', title: 'sidekiq 5.2.9 shop [0 of 5 busy]' }]
    assert.deepEqual(says(/no unit found here runs/, { sidekiqs }), ['warning'])
  })

  test('a rule that asks for a password is no finding; one without limits is', () => {
    assert.deepEqual(says(/^sudo: /, { rules: ['(ALL : ALL) ALL'] }), [])
    assert.deepEqual(says(/^sudo: /, { rules: ['(ALL) NOPASSWD: ALL'] }), ['error'])
  })

  test('a host that systemd does not run is an error only where a service needs it', () => {
    const known = { facts, account: { ...account, hasSystemd: false }, units: [] }
    const bare = { ...stage, services: [] }
    const form = /systemd does not run this host/
    assert.deepEqual(kinds(accountRemarks(stage, host!, known), form), ['error'])
    assert.deepEqual(kinds(accountRemarks(bare, host!, known), form), ['note'])
    assert.match(accountRemarks(stage, host!, known)[1]!.what, /^systemd does not .* need it: sidekiq$/)
  })

  test('linger is asked for only where a manager of the user is in use', () => {
    assert.deepEqual(says(/linger is off/, {}), [])
    const units = foundUnits(
      new Reply('user-unit\tshop.service\nuser-file\tshop.service deploy 644 yes /home/deploy/.config/x'),
      'user',
    )
    assert.deepEqual(says(/linger is off/, {}, units), ['error'])
    const lasting = accountRemarks(stage, host!, { facts: { ...facts, lingers: true }, account, units })
    assert.deepEqual(kinds(lasting, /linger is off/), [])
  })
})

describe('what doctor says of Redis', () => {
  const address = { host: 'cache', port: 6379, username: null, password: null, isTls: false }
  const says = (...lines: string[]) =>
    redisRemarks(address, new Reply(lines.join('\n'))).map(({ severity }) => severity)

  test('one that throws jobs away when it is full is an error if it has a limit', () => {
    assert.deepEqual(says('redis\tPONG', 'redis-policy\tnoeviction', 'redis-limit\t100'), ['note'])
    assert.deepEqual(says('redis\tPONG', 'redis-policy\tallkeys-lru', 'redis-limit\t100'), ['note', 'error'])
    assert.deepEqual(says('redis\tPONG', 'redis-policy\tvolatile-ttl', 'redis-limit\t0'), ['note', 'warning'])
  })

  test('one that does not answer there is an error; one that could not be asked is not', () => {
    assert.deepEqual(says('redis\tCould not connect to Redis at cache:6379: Connection refused'), ['error'])
    assert.deepEqual(says('redis\tno answer'), ['error'])
    assert.deepEqual(says('redis\topen'), ['note'])
    assert.deepEqual(says(), ['note'])
  })
})

test('units come with their drop-ins and instances, those of two managers apart', () => {
  const reply = new Reply(
    [
      'system-unit\tshop@.service',
      'system-file\tshop@.service root 644 no /etc/systemd/system/shop@.service',
      'system-text\tshop@.service [Service]',
      'system-text\tshop@.service Type=notify',
      'system-service\tshop@.service shop@1.service',
      'system-show\tshop@1.service StatusText=3/10 busy = most',
      'system-show\tshop@1.service MainPID=12',
      'system-process\tshop@1.service deploy /srv/a b (deleted)',
      'user-unit\tshop@.service',
    ].join('\n'),
  )
  const [unit] = foundUnits(reply, 'system')
  assert.equal(unit?.text, '[Service]\nType=notify')
  const [service] = unit?.services ?? []
  assert.equal(service?.status, '3/10 busy = most')
  assert.deepEqual([service?.pid, service?.owner, service?.directory], [12, 'deploy', '/srv/a b (deleted)'])
  assert.deepEqual(foundUnits(reply, 'user')[0]?.services, [])
})

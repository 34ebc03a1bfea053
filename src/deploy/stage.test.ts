import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeployConfig } from './deploy-config.ts'
import { resolveStage } from './stage.ts'

const config: DeployConfig = {
  application: 'shop',
  keep: 4,
  environment: { TZ: 'UTC', LEVEL: 'info' },
  services: {
    jobs: { type: 'worker', roles: ['worker'], processes: 2 },
    old: { type: 'sidekiq' },
  },
  stages: {
    production: {
      source: { git: 'git@git.example:shop.git' },
      deployTo: '/srv/shop/',
      keep: 9,
      batch: '50%',
      environment: { LEVEL: 'warn' },
      hosts: [
        'deploy@web-1',
        { host: 'web-2', roles: ['app', 'worker'] },
        { host: 'db-1', user: 'root', port: 2222, roles: ['db'], primary: true },
      ],
    },
    staging: { hosts: ['localhost'], services: { jobs: { type: 'worker', roles: [] } } },
  },
}
const names = (hosts: ReadonlyArray<{ readonly name: string }>) => hosts.map(({ name }) => name)

describe('a stage', () => {
  test('has what it says, over what is said for all, over the defaults', () => {
    const stage = resolveStage(config, 'production')
    assert.deepEqual(
      [stage.deployTo, stage.keep, stage.environment, stage.layout.current],
      ['/srv/shop', 9, { TZ: 'UTC', LEVEL: 'warn' }, '/srv/shop/current'],
    )
    assert.deepEqual(stage.source, { git: 'git@git.example:shop.git', branch: 'HEAD', tree: null })
    const staging = resolveStage(config, 'staging')
    assert.deepEqual(
      [staging.deployTo, staging.keep, staging.source, staging.batch, staging.soakMs, staging.onFailure],
      ['/var/www/shop', 4, { upload: '.' }, 1, 10_000, 'revert'],
    )
  })

  test('knows where each value came from', () => {
    const { origin } = resolveStage(config, 'production', {
      timeout: '1m',
      set: { 'services.jobs.processes': 8 },
    })
    assert.equal(origin('keep'), 'capstan.config.ts: deploy.stages.production.keep')
    assert.equal(origin('environment.TZ'), 'capstan.config.ts: deploy.environment.TZ')
    assert.equal(origin('environment.LEVEL'), 'capstan.config.ts: deploy.stages.production.environment.LEVEL')
    assert.equal(origin('source.git'), 'capstan.config.ts: deploy.stages.production.source.git')
    assert.equal(origin('source.branch'), 'default')
    assert.equal(origin('services.jobs.processes'), '--set services.jobs.processes')
    assert.equal(origin('services.jobs.roles'), 'capstan.config.ts: deploy.services.jobs.roles')
    assert.equal(origin('services.jobs.timeout'), 'capstan.config.ts: timeout')
    assert.equal(origin('services.jobs.cutover'), 'default')
    assert.equal(origin('soak'), 'default')
  })

  test('forgets the origins of a service that it replaces', () => {
    const { origin } = resolveStage(config, 'staging')
    assert.equal(origin('services.jobs.processes'), 'default')
    assert.equal(
      origin('services.jobs.roles'),
      'capstan.config.ts: deploy.stages.staging.services.jobs.roles',
    )
  })

  test('has services with their defaults and the hosts that run each', () => {
    const [jobs, old] = resolveStage(config, 'production').services
    assert.deepEqual(
      { ...jobs, hosts: names(jobs!.hosts) },
      {
        ...{
          type: 'worker',
          name: 'jobs',
          hosts: ['web-2'],
          manager: 'system',
          processes: 2,
          cutover: 'overlap',
        },
        ...{
          user: null,
          options: [],
          timeoutMs: 25_000,
          drainMs: 25_000,
          hardening: 'basic',
          memoryMax: null,
        },
        ...{ environmentFiles: [], credentials: {} },
      },
    )
    assert.deepEqual(
      { ...old, hosts: names(old!.hosts) },
      {
        ...{ type: 'sidekiq', name: 'old', hosts: ['web-1', 'web-2', 'db-1:2222'] },
        ...{ manager: 'system', unit: 'sidekiq.service', drainMs: 25_000 },
      },
    )
  })

  test('leaves a service out only where it says so', () => {
    assert.deepEqual(names(resolveStage(config, 'staging').services[0]!.hosts), [])
    const lost = { ...config, stages: { staging: { hosts: ['localhost'] } } }
    assert.throws(() => resolveStage(lost, 'staging'), {
      code: 'roles.unknown',
      message: /service jobs: no host of the stage has the role worker; there are localhost \(app\)/,
    })
  })

  test('has one primary host: the one marked, or the first', () => {
    const primary = (stage: string, hosts?: string[]) =>
      names(resolveStage(config, stage, hosts ? { hosts } : {}).hosts.filter((host) => host.primary))
    assert.deepEqual(primary('production'), ['db-1:2222'])
    assert.deepEqual(primary('staging'), ['localhost'])
    assert.deepEqual(primary('production', ['web-1', 'web-2']), ['web-1'])
  })

  test('that is not there is refused with the nearest and all that are', () => {
    assert.throws(() => resolveStage(config, 'prodution'), {
      code: 'stage.unknown',
      message: 'there is no stage "prodution"; did you mean "production"? known are production, staging',
    })
    assert.throws(() => resolveStage(config, 'constructor'), { code: 'stage.unknown' })
  })
})

describe('a filter of hosts', () => {
  const chosen = (filter: object) => names(resolveStage(config, 'production', filter).hosts)

  test('takes those with one of the names, and one of the roles', () => {
    assert.deepEqual(chosen({ hosts: ['WEB-2', 'db-1'] }), ['web-2', 'db-1:2222'])
    assert.deepEqual(chosen({ roles: ['worker', 'db'] }), ['web-2', 'db-1:2222'])
    assert.deepEqual(chosen({ hosts: ['web-1', 'web-2'], roles: ['worker'] }), ['web-2'])
  })

  for (const [filter, code, message] of [
    [
      { hosts: ['web-1', 'web2'] },
      'hosts.unknown',
      /called web2; did you mean "web-2"\? known are web-1, web-2, db/,
    ],
    [{ roles: ['wrker'] }, 'roles.unknown', /role wrker; did you mean "worker"\? known are app, worker, db/],
    [
      { hosts: ['db-1'], roles: ['worker'] },
      'hosts.none',
      /there are web-1 \(app\), web-2 \(app, worker\), db-1/,
    ],
  ] as const) {
    test(`that matches nothing is an error that lists what there is: ${JSON.stringify(filter)}`, () =>
      assert.throws(() => chosen(filter), { code, message }))
  }

  test('may leave a service without hosts', () =>
    assert.deepEqual(resolveStage(config, 'production', { hosts: ['web-1'] }).services[0]!.hosts, []))

  test('counts for batches and services', () => {
    const stage = resolveStage(config, 'production', { hosts: ['web-1', 'web-2'] })
    assert.equal(stage.batch, 1)
    assert.deepEqual(names(stage.services[1]!.hosts), ['web-1', 'web-2'])
    assert.equal(stage.origin('hosts'), 'capstan.config.ts: deploy.stages.production.hosts, --hosts')
  })
})

describe('what --set says', () => {
  test('replaces one value and leaves the configuration as it is', () => {
    const set = { 'source.branch': 'fix', keep: 2, 'environment.TZ': 'CET' }
    const stage = resolveStage(config, 'production', { set })
    assert.deepEqual(stage.source, { git: 'git@git.example:shop.git', branch: 'fix', tree: null })
    assert.deepEqual([stage.keep, stage.environment.TZ], [2, 'CET'])
    assert.equal(resolveStage(config, 'production').environment.TZ, 'UTC')
  })

  test('is checked like the configuration', () => {
    const refused = (set: object) => () => resolveStage(config, 'production', { set: { ...set } })
    assert.throws(refused({ keep: 'x' }), {
      code: 'config.invalid',
      message: /^--set\.keep: expected a whole number/,
    })
    assert.throws(refused({ 'services.jobs.procesess': 1 }), {
      code: 'options.unknown',
      message: /did you mean "proc/,
    })
    assert.throws(refused({ 'keep.x': 1 }), { code: 'config.invalid' })
  })
})

test('a share of the hosts is rounded down, but never to none', () => {
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f']
  const batch = (batch: NonNullable<DeployConfig['batch']>) =>
    resolveStage({ application: 'a', stages: { s: { hosts, batch } } }, 's').batch
  assert.deepEqual([batch('25%'), batch('1%'), batch('100%'), batch(4), batch(40)], [1, 1, 6, 4, 6])
})

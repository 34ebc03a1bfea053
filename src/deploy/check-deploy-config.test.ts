import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkDeployConfig } from './check-deploy-config.ts'

const WHERE = 'capstan.config.ts: deploy'
const base = { application: 'shop', stages: { production: { hosts: ['web-1'] } } }
const checked = (more: object) => checkDeployConfig({ ...base, ...more }, WHERE)
const stage = (more: object) => ({ stages: { production: { hosts: ['web-1'], ...more } } })
const hosts = (...list: unknown[]) => ({ stages: { production: { hosts: list } } })
const service = (its: object) => ({ services: { jobs: its } })

const FULL = {
  application: 'shop',
  source: { git: 'git@git.example:shop.git', branch: 'main', tree: 'apps/shop' },
  deployTo: '/srv/shop',
  keep: 3,
  linkedFiles: ['.env'],
  linkedDirs: ['log', 'tmp/pids'],
  environment: { NODE_ENV: 'production' },
  build: ['npm ci', ['npm', 'run', 'build']],
  migrate: ['npm', 'run', 'migrate'],
  batch: '25%',
  soak: '10s',
  onFailure: 'stop',
  node: '/usr/bin/node',
  hooks: { 'before:publish': ['npm run warm', () => {}], failed: [['bin/tell', 'all']] },
  services: {
    jobs: {
      ...{
        type: 'worker',
        roles: ['worker'],
        processes: 4,
        cutover: 'replace',
        user: 'deploy',
        timeout: '1m',
      },
      ...{ options: ['--queue', 'mail'], hardening: 'strict', memoryMax: '2G', drain: '5m', manager: 'user' },
      ...{ environmentFiles: ['-/etc/shop.env'], credentials: { token: '/etc/shop/token' } },
    },
    sidekiq: { type: 'sidekiq', unit: 'sidekiq@1.service' },
    web: { type: 'unit', unit: 'puma.service', roles: [] },
  },
  stages: {
    production: {
      keep: 9,
      hosts: [
        'deploy@web-1:2222',
        '[::1]:22',
        { host: 'db', primary: true, roles: ['db'], properties: { rack: 3 } },
      ],
    },
  },
} as const

describe('a deploy configuration', () => {
  test('is returned as it is', () => assert.equal(checkDeployConfig(FULL, WHERE), FULL))

  test('says the path, what was expected, and what is there', () => {
    assert.throws(() => checked(stage({ keep: 0 })), {
      code: 'config.invalid',
      message: 'capstan.config.ts: deploy.stages.production.keep: expected a whole number from 1, got 0',
    })
  })

  for (const [what, more, message] of [
    ['at the top', { stagse: {} }, /: deploy: unknown key "stagse"; did you mean "stages"\?/],
    ['in a stage', stage({ kep: 3 }), /deploy\.stages\.production: unknown key "kep"; did you mean "keep"\?/],
    ['in a host', hosts({ host: 'a', rols: [] }), /hosts\[0\]: unknown key "rols"; did you mean "roles"/],
    [
      'in a source',
      { source: { git: 'x', brnch: 'y' } },
      /source: unknown key "brnch"; did you mean "branch"/,
    ],
    ['as its only key', { source: { gti: 'x' } }, /source: unknown key "gti"; did you mean "git"/],
    ['of another source', { source: { upload: '.', branch: 'y' } }, /source: unknown key "branch"/],
    [
      'in a service',
      service({ type: 'worker', procesess: 1 }),
      /services\.jobs: unknown key "procesess"; did you/,
    ],
    [
      'of another type',
      service({ type: 'sidekiq', processes: 1 }),
      /services\.jobs: unknown key "processes"/,
    ],
    ['among the hooks', { hooks: { 'after:publsh': [] } }, /hooks: .*did you mean "after:publish"\?/],
    [
      'among the hooks, of a phase before the deploy',
      { hooks: { 'after:preflight': [] } },
      /hooks: unknown key/,
    ],
  ] as const) {
    test(`is refused with an unknown key ${what}`, () =>
      assert.throws(() => checked(more), { code: 'options.unknown', message }))
  }

  for (const [what, more, message] of [
    ['no application', { application: undefined }, /deploy: application is missing/],
    ['an application that leaves its folder', { application: '..' }, /deploy\.application: expected letters/],
    ['an application with a slash', { application: 'a/b' }, /application: expected letters/],
    ['an option of ssh that is no text', { ssh: ['-p', 22] }, /ssh\[1\]: expected an option of ssh/],
    ['no stage', { stages: {} }, /deploy\.stages: expected at least one stage/],
    ['stages that are a list', { stages: [] }, /stages: expected an object, got a list/],
    ['a reserved stage', { stages: { doctor: { hosts: ['a'] } } }, /"doctor": the name is reserved/],
    ['a stage without hosts', { stages: { a: {} } }, /stages\.a: hosts is missing/],
    ['a stage with no host', hosts(), /hosts: expected at least one/],
    ['a host twice', hosts('web-1', 'deploy@WEB-1:22'), /hosts: web-1 is there twice/],
    [
      'two primary hosts',
      hosts({ host: 'a', primary: true }, { host: 'b', primary: true }),
      /only one host may be/,
    ],
    ['a host that ssh takes for an option', hosts('-oProxyCommand=x'), /hosts\[0\]: expected a host/],
    ['a user said twice', hosts({ host: 'a@b', user: 'c' }), /user is said twice/],
    ['a port out of range', hosts('a:70000'), /expected a host/],
    ['a role twice', hosts({ host: 'a', roles: ['app', 'app'] }), /roles: "app" is there twice/],
    ['the role all', hosts({ host: 'a', roles: ['all'] }), /roles\[0\]: expected a role/],
    ['a deployTo that is relative', { deployTo: 'srv' }, /deployTo: expected an absolute path/],
    ['a deployTo that is the root', { deployTo: '//' }, /deployTo: expected an absolute path/],
    ['a deployTo that climbs', { deployTo: '/srv/../etc' }, /deployTo: expected an absolute path/],
    ['a deployTo of two lines', { deployTo: '/srv\n/etc' }, /deployTo: expected an absolute path/],
    ['a linked file that climbs', { linkedFiles: ['../x'] }, /linkedFiles\[0\]: expected a path inside/],
    ['a linked folder from the root', { linkedDirs: ['/log'] }, /linkedDirs\[0\]: expected a path inside/],
    ['a linked folder with NUL', { linkedDirs: ['a\0'] }, /linkedDirs\[0\]: expected a path inside/],
    ['a linked folder twice', { linkedDirs: ['log', 'log'] }, /linkedDirs: "log" is there twice/],
    [
      'a linked file in a linked folder',
      { linkedDirs: ['log'], linkedFiles: ['log/a'] },
      /log\/a lies in log/,
    ],
    [
      'such a pair over a stage',
      { linkedDirs: ['log'], ...stage({ linkedFiles: ['log/a'] }) },
      /production: log\/a/,
    ],
    ['a file that is a folder, too', { linkedDirs: ['a'], linkedFiles: ['a'] }, /both a linked file and/],
    [
      'two sources',
      { source: { git: 'x', upload: '.' } },
      /source: expected one of git and upload, not both/,
    ],
    ['no source in the source', { source: {} }, /source: expected \{ git/],
    [
      'a branch that git takes for an option',
      { source: { git: 'x', branch: '--upload-pack=x' } },
      /source\.branch/,
    ],
    [
      'an artifact of another kind',
      { source: { artifact: 'a.zip' } },
      /source\.artifact: expected a \.tar\.gz/,
    ],
    ['a share over 100 %', { batch: '101%' }, /batch: expected a whole number from 1, or/],
    ['a batch of none', { batch: 0 }, /batch: expected/],
    [
      'a word as node',
      { node: 'hots' },
      /node: expected one of host, release, got "hots"; did you mean "host"\?/,
    ],
    ['a build of one text', { build: 'npm ci' }, /build: expected a list, got "npm ci"/],
    ['an empty command', { build: [[]] }, /build\[0\]: expected at least one/],
    ['a hook that is no list', { hooks: { failed: 'bin/tell' } }, /hooks\.failed: expected a list/],
    [
      'a number in the environment',
      { environment: { PORT: 1 } },
      /environment\.PORT: expected a text.*got 1/,
    ],
    [
      'a bad name in the environment',
      { environment: { 'A-B': '' } },
      /environment: "A-B": expected the name/,
    ],
    [
      'a service without a type',
      service({}),
      /services\.jobs: type is missing; expected one of worker, sidekiq, unit/,
    ],
    ['a service of a misspelt type', service({ type: 'wrker' }), /jobs\.type: .*did you mean "worker"/],
    [
      'a unit without its ending',
      service({ type: 'unit', unit: 'puma' }),
      /jobs\.unit: expected the full name/,
    ],
    ['a unit service without a unit', service({ type: 'unit' }), /services\.jobs: unit is missing/],
    [
      'an environment file that is relative',
      service({ type: 'worker', environmentFiles: ['.env'] }),
      /absolute path/,
    ],
    ['a memory limit in words', service({ type: 'worker', memoryMax: 'much' }), /memoryMax: expected a size/],
  ] as const) {
    test(`is refused with ${what}`, () =>
      assert.throws(() => checked(more), { code: 'config.invalid', message }))
  }

  test('is refused with a duration that is none', () =>
    assert.throws(() => checked({ soak: 'soon' }), {
      code: 'options.duration',
      message: /deploy\.soak: expected/,
    }))

  test('keeps a value of the environment out of its errors', () => {
    const refused = (error: Error) =>
      /environment\.KEY/.test(error.message) && !error.message.includes('hidden')
    assert.throws(() => checked({ environment: { KEY: 'hid\0den' } }), refused)
  })
})

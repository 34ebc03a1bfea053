import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { checkDeployConfig } from '../check-deploy-config.ts'
import type { DeployConfig } from '../deploy-config.ts'
import { resolveStage } from '../stage.ts'
import { configText } from './config-text.ts'
import { importCapistrano } from './import-capistrano.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-import-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function project(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  const { config, remarks } = await importCapistrano(directory)
  return { config, remarks: remarks.map(({ at, text }) => `${at}: ${text}`) }
}

/** The configuration as it is loaded from the text that is written. */
async function loaded(config: DeployConfig): Promise<DeployConfig> {
  await mkdir(join(directory, 'node_modules'), { recursive: true })
  await symlink(join(import.meta.dirname, '../../..'), join(directory, 'node_modules/capstan'))
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  await writeFile(join(directory, 'capstan.config.ts'), configText(config))
  const { default: written } = await import(join(directory, 'capstan.config.ts'))
  checkDeployConfig(written.deploy, 'capstan.config.ts: deploy')
  return written.deploy
}

const CAPFILE = `
require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/git"
install_plugin Capistrano::SCM::Git
require 'capistrano/rbenv'
require 'capistrano/bundler'
require 'capistrano/rails/migrations'
require 'capistrano/sidekiq'
install_plugin Capistrano::Sidekiq
install_plugin Capistrano::Sidekiq::Systemd
Dir.glob("lib/capistrano/tasks/*.rake").each { |r| import r }
`
const GEMFILE_LOCK = (version: string) =>
  `GEM\n  specs:\n    capistrano-sidekiq (${version})\n      capistrano (>= 3.9.0)\n`

const ARTICLE = {
  Capfile: CAPFILE,
  'Gemfile.lock': GEMFILE_LOCK('2.0.0'),
  'config/deploy.rb': `
lock "~> 3.14.1"
set :application, "example"
set :repo_url, "git@git.example:team/example.git"
append :linked_files, "config/database.yml", "config/master.key"
append :linked_dirs, "log", "tmp/pids", "tmp/cache", "tmp/sockets"
set :rbenv_ruby, '2.6.3'
set :keep_releases, 5
set :sidekiq_service_unit_user, :system
`,
  'config/deploy/staging.rb': `
set :deploy_to, '/var/www/example/staging'
set :branch, 'develop'
server "10.0.0.5", user: "hoge", roles: %w{app db web}
`,
}

const SHOP = {
  Capfile: `require 'capistrano/setup'\nrequire 'capistrano/deploy'\nrequire 'capistrano/rails'\nrequire 'capistrano/sidekiq'\nrequire 'capistrano/puma'\n`,
  'Gemfile.lock': GEMFILE_LOCK('3.0.0'),
  'config/deploy.rb': `
set :application, 'shop'
set :repo_url, 'https://git.example/shop.git'
set :deploy_to, -> { "/srv/#{fetch(:application)}_#{fetch(:stage)}" }
set :branch, ENV['BRANCH'] || \`git tag\`
set :default_env, { path: '/opt/ruby/bin:$PATH', 'TZ' => 'UTC', malloc_arena_max: 2 }
set :linked_dirs, fetch(:linked_dirs, []).push('log', 'log/old', 'tmp/pids/')
set :ssh_options, { user: 'deploy', forward_agent: true }
set :sidekiq_service_unit_user, :system
set :sidekiq_config_files, ['sidekiq.yml', 'sidekiq_mail.yml']
set :sidekiq_concurrency, 5
set :team, "blue"
after 'deploy:published', 'sidekiq:restart'
after 'deploy:published', 'warm:cache'
namespace :warm do
  task :cache do
    on roles(:app) { execute :true }
  end
end
`,
  'config/deploy/production.rb': `
server 'web-1', roles: [:app, :web], rack: 'a1'
server 'deploy2@web-2:2222', roles: %i[app web]
role :worker, %w[jobs-1 jobs-2]
role :db, 'jobs-1'
role :db, 'jobs-2', primary: true
server 'lb-1', roles: %w[web], no_release: true
set :sidekiq_roles, :worker
set :keep_releases, 10
`,
  'config/deploy/staging.rb': `server 'stage-1', roles: %w[app web db]\n`,
  'lib/capistrano/tasks/warm.rake': 'task :x',
}

describe('the project of a Rails team with one host', () => {
  test('becomes a configuration that deploys the same', async () => {
    const { config, remarks } = await project(ARTICLE)
    const bundle = (words: string) => `$HOME/.rbenv/bin/rbenv exec bundle ${words}`
    assert.deepEqual(config, {
      application: 'example',
      source: { git: 'git@git.example:team/example.git', branch: 'develop' },
      deployTo: '/var/www/example/staging',
      keep: 5,
      linkedFiles: ['config/database.yml', 'config/master.key'],
      linkedDirs: ['log', 'tmp/pids', 'tmp/cache', 'tmp/sockets'],
      environment: { RAILS_ENV: 'staging', RBENV_VERSION: '2.6.3' },
      build: [
        bundle('config set --local deployment true'),
        bundle("config set --local path '/var/www/example/staging/shared/bundle'"),
        bundle("config set --local without 'development test'"),
        bundle('install --quiet --jobs 4'),
      ],
      migrate: bundle('exec rake db:migrate'),
      services: { sidekiq: { type: 'sidekiq', roles: ['app'], unit: 'sidekiq.service' } },
      stages: { staging: { hosts: [{ host: '10.0.0.5', user: 'hoge', roles: ['app', 'db', 'web'] }] } },
    })
    assert.deepEqual(remarks, ['config/deploy.rb:2: dropped: lock: it is about the version of Capistrano'])
  })

  test('is written as a file that is loaded and checked like any other', async () => {
    const { config } = await project(ARTICLE)
    assert.deepEqual(await loaded(config), config)
    assert.equal(resolveStage(config, 'staging').services[0]!.hosts[0]!.host, '10.0.0.5')
  })
})

describe('a stage in which no host has the role of migrations', () => {
  const migrating = (name: string, roles: string) =>
    project({
      Capfile: "require 'capistrano/rails/migrations'\n",
      'config/deploy.rb':
        "set :application, 'shop'\nset :repo_url, 'git@git.example:shop.git'\nset :branch, 'main'\n",
      [`config/deploy/${name}.rb`]: `server 'web-1', roles: %w[${roles}]\n`,
      'config/deploy/other.rb': "server 'web-2', roles: %w[app db]\n",
    })

  test('migrates nowhere, as before, and it is said', async () => {
    const { config, remarks } = await migrating('staging', 'app web')
    assert.equal(resolveStage(config, 'staging').migrate, null)
    assert.equal(resolveStage(config, 'other').migrate, 'bundle exec rake db:migrate')
    assert.deepEqual(
      remarks.filter((remark) => /migrat/.test(remark)),
      [
        'stage staging: left out: migrate: no host that is deployed to has the role db, so Capistrano migrated nowhere; write it where one should',
      ],
    )
  })

  test('is not one with that role', async () => {
    const { config, remarks } = await migrating('staging', 'app db')
    assert.equal(resolveStage(config, 'staging').migrate, 'bundle exec rake db:migrate')
    assert.doesNotMatch(remarks.join('\n'), /migrat/)
  })
})

describe('a bigger project', () => {
  test('keeps apart what stages say differently', async () => {
    const { config } = await project(SHOP)
    const { build: _, migrate: __, ...production } = resolveStage(config, 'production')
    assert.deepEqual(
      [production.deployTo, production.keep, production.linkedDirs, production.environment],
      [
        '/srv/shop_production',
        10,
        ['log', 'tmp/pids', 'public/assets'],
        { RAILS_ENV: 'production', TZ: 'UTC', MALLOC_ARENA_MAX: '2' },
      ],
    )
    assert.deepEqual(config.stages.production!.hosts, [
      { host: 'web-1', user: 'deploy', roles: ['app', 'web'], properties: { rack: 'a1' } },
      { host: 'web-2:2222', user: 'deploy2', roles: ['app', 'web'] },
      { host: 'jobs-1', user: 'deploy', roles: ['worker', 'db'] },
      { host: 'jobs-2', user: 'deploy', roles: ['worker', 'db'], primary: true },
    ])
    assert.deepEqual(
      production.services.map((service) => [
        service.name,
        'unit' in service && service.unit,
        service.hosts.length,
      ]),
      [
        ['sidekiq', 'shop_sidekiq_production.service', 2],
        ['sidekiq-sidekiq_mail', 'shop_sidekiq_production.sidekiq_mail.service', 2],
      ],
    )
    assert.deepEqual(config.environment, { TZ: 'UTC', MALLOC_ARENA_MAX: '2' })
    assert.deepEqual(await loaded(config), config)
  })

  test('says of each line that was not read what to do', async () => {
    const { remarks } = await project(SHOP)
    for (const expected of [
      /^config\/deploy.rb:5: not read: set :branch, ENV\['BRANCH'\] \|\| `git tag`: it reads the environment.*until then the default holds/,
      /^config\/deploy.rb:6: dropped: PATH of default_env: values are not expanded here/,
      /^config\/deploy.rb:7: dropped: log\/old: it lies in a folder that is linked/,
      /^config\/deploy.rb:8: dropped: ssh_options forward_agent: ssh reads ~\/.ssh\/config/,
      /^config\/deploy.rb:9: changed: capistrano-sidekiq 3.x does not read sidekiq_service_unit_user/,
      /^config\/deploy.rb:11: dropped: sidekiq_concurrency: it stays in the unit/,
      /^config\/deploy.rb:12: dropped: team: it is a setting of your own/,
      /^config\/deploy.rb:13: deploy:published → sidekiq:restart: dropped: the service sidekiq/,
      /^config\/deploy.rb:14: not read: deploy:published → warm:cache: .*'after:publish'/,
      /^config\/deploy.rb:15: not read: namespace :warm do: a task is code/,
      /^config\/deploy\/production.rb:7: dropped: lb-1 is no_release/,
      /^lib\/capistrano\/tasks\/warm.rake: not read/,
      /^Capfile: dropped: capistrano\/puma: write a service/,
      /^stage staging: trap: no host has the role worker, so the plugin did nothing there/,
    ])
      assert.equal(remarks.filter((remark) => expected.test(remark)).length, 1, String(expected))
  })

  test('with a role that no host has is not deployed in silence', async () => {
    const { config } = await project(SHOP)
    assert.throws(() => resolveStage(config, 'staging'), {
      code: 'roles.unknown',
      message: /service sidekiq/,
    })
  })
})

describe('settings of the Sidekiq plugin', () => {
  const sidekiq = async (version: string | null, settings: string, roles = 'app worker') => {
    const { config, remarks } = await project({
      Capfile: "require 'capistrano/sidekiq'",
      'config/deploy.rb': `set :application, 'shop'\n${settings}`,
      'config/deploy/production.rb': `server 'a', roles: %w[${roles}]`,
      ...(version === null ? {} : { 'Gemfile.lock': GEMFILE_LOCK(version) }),
    })
    return { services: config.services, remarks }
  }
  const user = { type: 'sidekiq', manager: 'user' }
  const system = { type: 'sidekiq' }

  for (const [version, settings, services] of [
    ['1.0.3', '', { sidekiq: { ...user, roles: ['app'], unit: 'sidekiq-production.service' } }],
    ['2.0.0', '', { sidekiq: { ...user, roles: ['app'], unit: 'sidekiq.service' } }],
    ['3.2.0', '', { sidekiq: { ...user, roles: ['worker'], unit: 'shop_sidekiq_production.service' } }],
    [
      '3.0.0',
      "set :service_unit_user, :system\nset :sidekiq_service_unit_name, 'jobs'",
      { sidekiq: { ...system, roles: ['worker'], unit: 'jobs.service' } },
    ],
    [
      '3.2.0',
      'set :sidekiq_systemctl_user, :system\nset :service_unit_user, :user',
      { sidekiq: { ...system, roles: ['worker'], unit: 'shop_sidekiq_production.service' } },
    ],
    [
      '2.3.0',
      'set :sidekiq_role, :worker\nset :sidekiq_processes, 2\nset :sidekiq_timeout, 60',
      {
        'sidekiq-1': { ...user, roles: ['worker'], drain: '60s', unit: 'sidekiq@1.service' },
        'sidekiq-2': { ...user, roles: ['worker'], drain: '60s', unit: 'sidekiq@2.service' },
      },
    ],
  ] as const) {
    test(`of version ${version} mean what they meant: ${JSON.stringify(settings)}`, async () =>
      assert.deepEqual((await sidekiq(version, settings)).services, services))
  }

  test('without a lock file are read by their names, and that is said', async () => {
    const { services, remarks } = await sidekiq(null, 'set :sidekiq_systemctl_user, :system')
    assert.deepEqual(services?.sidekiq?.roles, ['worker'])
    assert.match(remarks.join('\n'), /read as those of version 3\.x/)
  })
})

describe('the branch', () => {
  const imported = async (deploy: string) => {
    const { config, remarks } = await project({
      'config/deploy.rb': `set :application, 'a'\nset :repo_url, 'g'\n${deploy}`,
      'config/deploy/a.rb': "server 'x'",
    })
    const { source } = resolveStage(config, 'a')
    return { written: config.source, branch: 'git' in source && source.branch, remarks: remarks.join('\n') }
  }

  for (const statement of [
    'ask :branch, proc { `git rev-parse --abbrev-ref HEAD`.chomp }.call',
    "ask(:branch, 'master')",
    "set :branch, ENV['BRANCH'] || main",
    'set :branch, fetch(:nothing)',
    'set :branch, -> { fetch(:nothing) }',
    "set :branch, 'main'\nask :branch, 'main'",
  ])
    test(`that only a person or code knows is left out, and that is said: ${statement}`, async () => {
      const { written, branch, remarks } = await imported(statement)
      assert.deepEqual([written, branch], [{ git: 'g' }, 'HEAD'])
      assert.match(remarks, /^config\/deploy.rb:\d: not read: (ask|set|branch)/m)
      assert.match(remarks, /^config\/deploy.rb:\d: left out: source.branch: .* HEAD is deployed$/m)
    })

  test('that nobody says is the one that Capistrano takes, and that is said', async () => {
    const { written, remarks } = await imported('')
    assert.deepEqual(written, { git: 'g', branch: 'master' })
    assert.match(remarks, /written: source.branch 'master'/)
  })

  test('that is said after a question holds', async () => {
    assert.equal((await imported("ask :branch, 'x'\nset :branch, 'main'")).branch, 'main')
  })
})

test('a setting without a meaning here, or of a plugin that is not loaded, is named', async () => {
  const { remarks } = await project({
    'config/deploy.rb':
      "set :application, 'a'\nset :log_level, :debug\nset :rbenv_ruby, '3.3'\nset :keep_releases, 3",
    'config/deploy/a.rb': "server 'x'",
  })
  assert.deepEqual(
    remarks.filter((remark) => remark.includes('dropped')),
    [
      'config/deploy.rb:2: dropped: log_level: it has no meaning here',
      'config/deploy.rb:3: dropped: rbenv_ruby: nothing that the Capfile loads uses it',
    ],
  )
})

test('a stage without a host that could be read is left out, and named', async () => {
  const files = { 'config/deploy.rb': "set :application, 'a'", 'config/deploy/a.rb': "server ENV['HOST']" }
  await assert.rejects(project(files), { code: 'import.missing', message: /a\.rb:1: not read: server ENV/ })
  const { config, remarks } = await project({ ...files, 'config/deploy/b.rb': "server 'b'" })
  assert.deepEqual(Object.keys(config.stages), ['b'])
  assert.match(remarks.join('\n'), /^stage a: dropped: no server of it was read$/m)
})

test('stages whose applications have different names are named', async () => {
  const { config, remarks } = await project({
    'config/deploy.rb': '',
    'config/deploy/a.rb': "set :application, 'a'\nserver 'x'",
    'config/deploy/b.rb': "set :application, 'b'\nserver 'y'",
  })
  assert.deepEqual([config.application, config.stages.b?.deployTo], ['a', '/var/www/b'])
  assert.match(remarks.join('\n'), /^stage b: changed: its application was called b; a holds/m)
})

test('a folder without Capistrano files is refused with the file that is missing', async () => {
  await assert.rejects(importCapistrano(directory), {
    code: 'import.missing',
    message: /config\/deploy\.rb is not/,
  })
})

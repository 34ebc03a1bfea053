import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
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
  const lines = remarks.map(({ at, text }) => `${at}: ${text}`)
  return { config, remarks, lines, text: lines.join('\n') }
}

/** A project with one stage, `a`; its settings begin in the second line of `config/deploy.rb`. */
const shop = (deploy: string, stage = "server 'x'", more: Readonly<Record<string, string>> = {}) =>
  project({
    'config/deploy.rb': `set :application, 'shop'; set :repo_url, 'g'; set :branch, 'm'\n${deploy}\n`,
    'config/deploy/a.rb': stage,
    ...more,
  })

describe('a constant', () => {
  test('is what a file before assigned to it', async () => {
    const { config, text } = await shop(
      'DEPLOY_USER = "deploy"\nROLES = %w[app worker].freeze\nset :deploy_to, "/srv/#{DEPLOY_USER}"',
      'server "w1", user: DEPLOY_USER, roles: ROLES',
    )
    assert.deepEqual(config.stages.a!.hosts, [{ host: 'w1', user: 'deploy', roles: ['app', 'worker'] }])
    assert.equal(config.deployTo, '/srv/deploy')
    assert.doesNotMatch(text, /DEPLOY_USER|ROLES/)
  })

  for (const [title, assignment] of [
    ['that nobody assigned', ''],
    ['that is worked out', 'DEPLOY_USER = `whoami`'],
    ['that sometimes has another value', 'DEPLOY_USER = "a"\nDEPLOY_USER = "b" if ENV["CI"]'],
    ['that grows later', 'DEPLOY_USER = "a"\nDEPLOY_USER << "b"'],
  ] as const)
    test(`${title} is no text: the line is named`, async () => {
      const { config, text } = await shop(assignment, 'server "w1"\nserver "w2", user: DEPLOY_USER')
      assert.deepEqual(config.stages.a!.hosts, [{ host: 'w1', roles: [] }])
      assert.match(
        text,
        /^config\/deploy\/a.rb:2: not read: server "w2", user: DEPLOY_USER: the constant DEPLOY_USER is not known/m,
      )
    })

  test('that is not known makes a setting one that was not read', async () => {
    const { config, text } = await shop('set :deploy_to, Shop::FOLDER')
    assert.equal(config.deployTo, '/var/www/shop')
    assert.match(
      text,
      /^config\/deploy.rb:2: not read: set :deploy_to, Shop::FOLDER: the constant Shop::FOLDER is not known/m,
    )
  })

  test('that names a plugin is its name', async () => {
    const { text } = await shop('', "server 'x'", {
      Capfile: 'install_plugin Capistrano::Puma, load_hooks: false',
    })
    assert.match(text, /^Capfile: dropped: Capistrano::Puma: /m)
  })
})

test('an expression inside a text is read as a whole or not at all', async () => {
  const { config, text } = await shop('set :deploy_to, "/srv/#{fetch(:stage) == :a ? 1 : 2}"')
  assert.equal(config.deployTo, '/var/www/shop')
  assert.match(text, /^config\/deploy.rb:2: not read: set :deploy_to/m)
})

test('what follows __END__ is no Ruby', async () => {
  const { config, text } = await shop("set :keep_releases, 3\n__END__\nset :keep_releases, 100\nit's a note")
  assert.equal(config.keep, 3)
  assert.doesNotMatch(text, /not read/)
  const other = await shop('set :keep_releases, 3 # __END__\n__END__X = 1\nset :keep_releases, 4')
  assert.equal(other.config.keep, 4)
})

describe('hooks', () => {
  test('inside a namespace are named, each with its line', async () => {
    const { lines } = await shop(`namespace :deploy do
  before :starting, :check
  after :publishing, :restart_puma
  after "deploy:updated", "cache:clear"
  namespace :mail do
    after(:send, :count)
  end
  task :restart_puma do
    on roles(:app) do
      puts(if test("x") then 1 else 2 end)
      after :no, :hook
    end
  end
  after :failed, :notify do
    puts 1
  end
end
after 'deploy:finished', 'top'`)
    const hooks = lines.filter((line) => /write a command under hooks/.test(line))
    assert.deepEqual(
      hooks.map((line) => line.replace(/: write a command.*/, '')),
      [
        'config/deploy.rb:3: not read: deploy:starting → check',
        'config/deploy.rb:4: not read: deploy:publishing → restart_puma',
        'config/deploy.rb:5: not read: deploy:updated → cache:clear',
        'config/deploy.rb:7: not read: deploy:mail:send → count',
        'config/deploy.rb:15: not read: after :failed, :notify do',
        'config/deploy.rb:19: not read: deploy:finished → top',
      ],
    )
    assert.equal(
      lines.filter((line) => /deploy.rb:2: not read: namespace :deploy do: a task/.test(line)).length,
      1,
    )
  })

  test('are found in every form of a namespace', async () => {
    const { text } = await shop(
      'namespace("deploy") do |space|\n  after "#{fetch(:x)}", :a\n  after :b, :c\nend\nnamespace "to_#{x}" do\n  after :d, :e\nend',
    )
    assert.match(
      text,
      /deploy.rb:3: not read: after "#\{fetch\(:x\)\}", :a: fetch\(:x\) is not known; write a command under hooks/,
    )
    assert.match(text, /deploy.rb:4: not read: deploy:b → c/)
    assert.match(text, /deploy.rb:7: not read: to_#\{x\}:d → e/)
  })

  test('are all that is named of a namespace that holds nothing else', async () => {
    const { text } = await shop('namespace :deploy do\n  after :failed, :notify\nend')
    assert.match(text, /deploy:failed → notify/)
    assert.doesNotMatch(text, /a task is code/)
  })

  test('in files of tasks are named, too', async () => {
    const { lines } = await shop('', "server 'x'", {
      'lib/capistrano/tasks/cache.rake': `namespace :cache do
  desc "x"
  task :clear do
    after "in a", "task"
    set :keep_releases, 1
  end
end
set :keep_releases, 1
namespace :deploy do
  after :updated, "cache:clear"
end
after "deploy:updated", "cache:clear"
`,
    })
    assert.deepEqual(
      lines.filter((line) => /cache.rake/.test(line)).map((line) => line.replace(/: (write|make).*/, '')),
      [
        'lib/capistrano/tasks/cache.rake: not read: tasks are code',
        'lib/capistrano/tasks/cache.rake:10: not read: deploy:updated → cache:clear',
        'lib/capistrano/tasks/cache.rake:12: not read: deploy:updated → cache:clear',
      ],
    )
  })
})

describe('a variable of the environment', () => {
  for (const value of [
    'ENV["BRANCH"] || "develop"',
    "ENV['BRANCH'] || :develop",
    '(ENV["BRANCH"] || "develop")',
    'ENV.fetch("BRANCH", "develop")',
    'ENV.fetch("BRANCH") { "develop" }',
    'ENV["X"] || ENV["BRANCH"] || "develop"',
    '-> { ENV["BRANCH"] || "develop" }',
  ])
    test(`with a plain value behind it is that value, and it is said: ${value}`, async () => {
      const { config, text } = await shop(`set :branch, ${value}`)
      assert.deepEqual(config.source, { git: 'g', branch: 'develop' })
      assert.match(
        text,
        /^config\/deploy.rb:2: changed: set :branch, .*: the variable BRANCH came first; .* --set source\.branch=…/m,
      )
      assert.doesNotMatch(text, /not read/)
    })

  test('is named for any setting, and for a server', async () => {
    const { config, text } = await shop(
      'set :keep_releases, ENV["KEEP"] || 4\nset :linked_dirs, ["log", "#{ENV["TMP"] || "tmp"}"]',
      'server ENV["HOST"] || "x"',
    )
    assert.deepEqual(
      [config.keep, config.linkedDirs, config.stages.a!.hosts[0]],
      [4, ['log', 'tmp'], { host: 'x', roles: [] }],
    )
    assert.match(
      text,
      /deploy.rb:2: changed: set :keep_releases, .*: the variable KEEP came first; .*--set keep=…/,
    )
    assert.match(
      text,
      /deploy.rb:3: changed: set :linked_dirs, .*: the variable TMP came first; .*process\.env\.TMP/,
    )
    assert.match(text, /a.rb:1: changed: server .*: the variable HOST came first; .*process\.env\.HOST/)
  })

  test('is named where a constant has the value', async () => {
    const { config, text } = await shop('FOLDER = ENV["TO"] || "/srv/a"\nset :deploy_to, FOLDER')
    assert.equal(config.deployTo, '/srv/a')
    assert.match(text, /^config\/deploy.rb:2: changed: FOLDER = .*: the variable TO came first/m)
  })

  test('of which a question is made is not said to be a value', async () => {
    const { text } = await shop('ask :branch, ENV["BRANCH"] || "develop"')
    assert.doesNotMatch(text, /came first/)
  })

  for (const value of [
    'ENV["B"]',
    'ENV.fetch("B")',
    'ENV["B"] || nil',
    'ENV["B"] || `x`',
    'ENV["B"] || fetch(:c)',
  ])
    test(`without one is not read: ${value}`, async () => {
      const { config, text } = await shop(`set :branch, ${value}`)
      assert.deepEqual(config.source, { git: 'g' })
      assert.match(text, /^config\/deploy.rb:2: not read: set :branch/m)
    })
})

describe('a server that was not read', () => {
  const LOOP = '%w[a b].each do |n|\n  server "extra-#{n}", roles: %w[app]\nend'
  for (const [stage, line] of [
    [`server 'x'\n${LOOP}`, 2],
    ['server \'x\'\n%w[a b].each { |n| server "extra-#{n}" }', 2],
    ["server 'x'\nserver ENV['HOST']", 2],
    ["server 'x'\nserver HOST", 2],
    ["server 'x'\nrole :app, HOSTS", 2],
    ["server 'x'\nif ENV['BIG']\n  role(:app, 'y')\nend", 2],
    ["server 'x'\nnamespace :y do\n  server 'y'\nend", 2],
    ["server 'x'\nserver 'y' if ENV['BIG']", 2],
  ] as const)
    test(`is what is said first: ${JSON.stringify(stage)}`, async () => {
      const { remarks, lines, config } = await shop('lock "3"', stage)
      assert.match(lines[0]!, new RegExp(`^config/deploy/a.rb:${line}: not read: .*hosts are missing`))
      assert.deepEqual(
        remarks.map(({ hostsMissing }) => hostsMissing === true),
        [true, false],
      )
      assert.match(
        configText(config, remarks),
        new RegExp(`\\n    // hosts are missing here: config/deploy/a.rb:${line}\\n    stages: `),
      )
    })

  test('is not one of which a task speaks', async () => {
    const { remarks } = await shop(
      'task :x do\n  on roles(:app) do |server|\n    server name\n  end\nend\nroles(:app).each { |server| puts server.name }',
    )
    assert.deepEqual(
      remarks.filter(({ hostsMissing }) => hostsMissing),
      [],
    )
  })

  test('of any stage is an error with one remark on each line', async () => {
    await assert.rejects(shop('lock "3"', "server ENV['A']\nserver ENV['B']"), {
      code: 'import.missing',
      message:
        /^no server of any stage was read:\nconfig\/deploy\/a.rb:1: [^\n]*\nconfig\/deploy\/a.rb:2: [^\n]*\nstage a: [^\n]*\nconfig\/deploy.rb:2: [^\n]*$/,
    })
  })
})

describe('the paths of the files', () => {
  const files = {
    'cap/deploy.rb': "set :application, 'shop'\n",
    'cap/stages/live.rb': "server 'y'\n",
  }

  test('are followed where the Capfile says them plainly', async () => {
    const { config, text } = await project({
      ...files,
      Capfile: "set :deploy_config_path, 'cap/deploy.rb'\nset :stage_config_path, 'cap/stages/'\n",
    })
    assert.deepEqual(Object.keys(config.stages), ['live'])
    assert.match(text, /^cap\/deploy\.rb: changed: repo_url was not found/m)
    assert.doesNotMatch(text, /config_path/)
  })

  for (const path of ["File.expand_path('cap/stages', __dir__)", "'../stages'", 'STAGES', "'/etc/stages'"])
    test(`are named where they are not followed: ${path}`, async () => {
      const capfile = `set :deploy_config_path, 'cap/deploy.rb'\nset :stage_config_path, ${path}\n`
      await assert.rejects(project({ ...files, Capfile: capfile }), {
        code: 'import.missing',
        message: /^Capfile:2: set :stage_config_path is not followed/,
      })
      const { config, text } = await project({ 'config/deploy/b.rb': "server 'b'" })
      assert.deepEqual(Object.keys(config.stages), ['b'])
      assert.match(text, /^Capfile:2: set :stage_config_path is not followed/m)
    })
})

test('a file that is not followed is named', async () => {
  const { text } = await shop("load 'config/servers.rb'\nimport('x.rake')")
  assert.match(text, /^config\/deploy.rb:2: not read: load 'config\/servers.rb': the file was not followed/m)
  assert.match(text, /^config\/deploy.rb:3: not read: import\('x.rake'\): the file was not followed/m)
})

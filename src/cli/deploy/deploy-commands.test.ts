import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Command } from 'commander'
import { loadConfig } from '../../config/load-config.ts'
import type { DeployConfig } from '../../deploy/deploy-config.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { SimClock } from '../../testing/sim-clock.ts'
import { newOutput } from '../output.ts'
import type { Session } from '../session.ts'
import { configCommand } from './config-command.ts'
import { deployCommand } from './deploy-command.ts'
import { importCapCommand } from './import-cap-command.ts'

const deploy: DeployConfig = {
  application: 'shop',
  source: { git: 'https://ghp_secret@git.example/shop.git' },
  environment: { DATABASE_URL: 'postgres://ada:secret@db/shop' },
  services: { jobs: { type: 'worker', processes: 2 } },
  build: ['NPM_TOKEN=secret npm ci'],
  stages: {
    production: {
      keep: 9,
      hosts: ['deploy@web-1', { host: 'web-2', roles: ['db'], properties: { apiToken: 'secret' } }],
    },
  },
}

async function run(words: readonly string[], config: object | null = { deploy, timeout: '1m' }) {
  const written = { stdout: '', stderr: '' }
  const out = newOutput({
    ...{ tty: false, colour: false, columns: Number.POSITIVE_INFINITY, ask: null },
    writeOut: (text) => {
      written.stdout += text
    },
    writeError: (text) => {
      written.stderr += text
    },
  })
  const loaded = { config: config ?? {}, file: config && 'capstan.config.ts', directory: '/app' }
  const runtime = { clock: new SimClock(), random: seededRandom(1), logger: silentLogger }
  const session: Session = {
    ...{ runtime, options: {}, config: async () => loaded, close: async () => {} },
    store: () => Promise.reject(new Error('no command here needs the store')),
  }
  const program = new Command().exitOverride()
  const context = { session: () => session, out }
  for (const command of [configCommand(context), deployCommand(context), importCapCommand({ out })])
    program.addCommand(command)
  await program.parseAsync(words, { from: 'user' })
  return { ...written, exitCode: out.exitCode }
}

describe('capstan config', () => {
  test('shows every value and where it came from, aligned', async () => {
    const { stdout } = await run([
      'config',
      'production',
      '--set',
      'services.jobs.processes=4',
      '--set',
      'soak=1m',
    ])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    assert.deepEqual(rows[0], ['SETTING', 'VALUE', 'FROM'])
    for (const row of [
      ['application', 'shop', 'capstan.config.ts: deploy.application'],
      ['deployTo', '/var/www/shop', 'default'],
      ['keep', '9', 'capstan.config.ts: deploy.stages.production.keep'],
      ['soak', '60s', '--set soak'],
      ['build', 'NPM_TOKEN=*** npm ci', 'capstan.config.ts: deploy.build'],
      ['hosts.web-1', 'user deploy; roles app; primary', 'capstan.config.ts: deploy.stages.production.hosts'],
      ['services.jobs.processes', '4', '--set services.jobs.processes'],
      ['services.jobs.timeout', '60s', 'capstan.config.ts: timeout'],
      ['services.jobs.hosts', '["web-1","web-2"]', 'default'],
    ])
      assert.ok(
        rows.some((each) => each.join('|') === row.join('|')),
        `${row}\n${stdout}`,
      )
  })

  test('shows no secret, also as JSON', async () => {
    const lines = await run(['config', 'production'])
    const json = await run(['config', 'production', '--json', '--roles', 'db'])
    for (const { stdout } of [lines, json]) assert.doesNotMatch(stdout, /secret/)
    const { stage, values } = JSON.parse(json.stdout)
    assert.equal(stage, 'production')
    assert.deepEqual(
      values.filter(({ path }: { path: string }) => /^(environment|hosts)\./.test(path)),
      [
        {
          path: 'environment.DATABASE_URL',
          value: '***',
          origin: 'capstan.config.ts: deploy.environment.DATABASE_URL',
        },
        {
          path: 'hosts.web-2',
          value: 'roles db; primary; apiToken ***',
          origin: 'capstan.config.ts: deploy.stages.production.hosts, --roles',
        },
      ],
    )
  })

  test('says what is missing, and what is misspelt', async () => {
    await assert.rejects(run(['config', 'production'], {}), {
      code: 'config.missing',
      message: /has no "deploy"/,
    })
    await assert.rejects(run(['config', 'production'], null), {
      code: 'config.missing',
      message: /^there is no capstan\.config\.ts in \/app; .* --config$/,
    })
    await assert.rejects(run(['config', 'prod']), { code: 'stage.unknown' })
    await assert.rejects(run(['config', 'production', '--hosts', 'web-1,web3']), { code: 'hosts.unknown' })
    await assert.rejects(run(['config', 'production', '--hosts', '']), { code: 'hosts.none' })
    await assert.rejects(run(['config', 'production', '--set', 'keep=x']), { code: 'config.invalid' })
  })
})

test('capstan deploy is not ready while the jobs would stay behind in the release', async () => {
  const { stderr, exitCode } = await run(['deploy', 'production'])
  assert.match(stderr, /the jobs of stage production lie in \.capstan\/jobs\.db inside the release/)
  assert.equal(exitCode, 3)
})

describe('capstan import-cap', () => {
  let directory: string
  const path = () => join(directory, 'capstan.config.ts')
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'capstan-import-cap-'))
    await mkdir(join(directory, 'config/deploy'), { recursive: true })
    await writeFile(
      join(directory, 'config/deploy.rb'),
      "set :application, 'shop'\nset :branch, `git branch`\n",
    )
    await writeFile(join(directory, 'config/deploy/production.rb'), "server 'web-1'\nrole :app, 'web-1'\n")
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('writes the configuration, and lists what it could not read', async () => {
    const { stdout, stderr } = await run(['import-cap', directory])
    assert.equal(stdout, `wrote ${path()}\n`)
    assert.match(stderr, /^config\/deploy.rb:2: not read: set :branch, `git branch`: it runs a command/m)
    assert.match(await readFile(path(), 'utf8'), /stages: \{ production: \{ hosts: \['web-1'\] \} \}/)
  })

  test('ends with 3 when hosts are missing from it, and says so first, last and in the file', async () => {
    await writeFile(
      join(directory, 'config/deploy/production.rb'),
      'server \'web-1\'\n%w[a b].each { |n| server "extra-#{n}" }\n',
    )
    const { stderr, exitCode } = await run(['import-cap', directory])
    const lines = stderr.trimEnd().split('\n')
    assert.equal(exitCode, 3)
    assert.match(lines[0]!, /^config\/deploy\/production.rb:2: not read: %w\[a b\]/)
    assert.match(lines.at(-1)!, /^next: write the hosts that are missing into capstan\.config\.ts/)
    assert.match(
      await readFile(path(), 'utf8'),
      /\/\/ hosts are missing here: config\/deploy\/production.rb:2\n/,
    )
    const { stdout, exitCode: ofJson } = await run(['import-cap', directory, '--print', '--json'])
    assert.deepEqual([JSON.parse(stdout).remarks[0].hostsMissing, ofJson], [true, 3])
    assert.match((await run(['import-cap', directory, '--print'])).stdout, /hosts are missing here/)
  })

  test('ends with 0 when all hosts are in it', async () => {
    assert.equal((await run(['import-cap', directory])).exitCode, 0)
  })

  test('writes what is loaded like any other configuration', async () => {
    await mkdir(join(directory, 'node_modules'))
    await symlink(join(import.meta.dirname, '../../..'), join(directory, 'node_modules/capstan'))
    await writeFile(join(directory, 'package.json'), '{"type":"module"}')
    await run(['import-cap', directory])
    const { config } = await loadConfig(directory)
    assert.deepEqual(config.deploy?.stages, { production: { hosts: ['web-1'] } })
    assert.match((await run(['config', 'production'], config)).stdout, /^application +shop /m)
  })

  test('leaves a configuration alone that is there', async () => {
    await writeFile(path(), 'mine')
    await assert.rejects(run(['import-cap', directory]), { code: 'config.exists', message: /--print/ })
    assert.equal(await readFile(path(), 'utf8'), 'mine')
  })

  test('only shows it with --print', async () => {
    const { stdout } = await run(['import-cap', directory, '--print'])
    assert.match(
      stdout,
      /^import \{ defineConfig \} from 'capstan'\n\nexport default defineConfig\(\{\n {2}deploy: \{/,
    )
    await assert.rejects(readFile(path()), { code: 'ENOENT' })
    assert.equal(JSON.parse((await run(['import-cap', directory, '--print', '--json'])).stdout).written, null)
  })
})

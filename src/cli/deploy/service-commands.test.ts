import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Command } from 'commander'
import type { DeployConfig } from '../../deploy/deploy-config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { systemRandom } from '../../kernel/random.ts'
import { quietCommand } from '../operator/signal-command.ts'
import { newOutput } from '../output.ts'
import type { Session } from '../session.ts'
import { logsCommand } from './logs-command.ts'
import { serviceCommand } from './service-commands.ts'
import { statusCommand } from './status-command.ts'

/** Knows the units of the file `units`, a line each: NAME ACTIVE SUB. Without that file nobody answers. */
const SYSTEMCTL = `#!/bin/sh
folder=$(dirname "$0")
[ -f "$folder/units" ] || { echo 'Failed to connect to bus: No medium found' >&2; exit 1; }
if [ "$1" = --user ]; then shift; fi
for unit in "$@"; do :; done
case $1 in
  is-active) grep -q "^$unit active " "$folder/units" ;;
  kill | start | restart) echo "$*" >>"$folder/done" ;;
  list-units) grep "^\${unit%\\*}[0-9]" "$folder/units" || true ;;
  list-unit-files) ;;
  show)
    load=not-found active=inactive sub=dead
    file=$(echo "$unit" | sed 's/@[0-9]*-[0-9]*[.]/@./')
    if grep -q "^$file\\( \\|$\\)" "$folder/units"; then load=loaded; fi
    while read -r name its_active its_sub; do
      if [ "$name" = "$unit" ]; then load=loaded active=$its_active sub=$its_sub; fi
    done <"$folder/units"
    printf 'Id=%s\\nLoadState=%s\\nActiveState=%s\\nSubState=%s\\nMainPID=0\\n' "$unit" $load $active $sub |
      grep -E "^($(echo "$*" | sed 's/.*-p \\([^ ]*\\).*/\\1/' | tr , '|'))=" || true
    ;;
esac
`

const JOURNALCTL = `#!/bin/sh
cat "$(dirname "$0")/journal"
`

const INSTANCE = 'shop-worker@20260101000000-1.service'

const services = {
  worker: { type: 'worker', manager: 'user' },
  mails: { type: 'sidekiq', unit: 'mails.service', manager: 'user' },
  web: { type: 'unit', unit: 'puma.service', manager: 'user' },
} as const

const deploy: DeployConfig = {
  application: 'shop',
  source: { upload: '.' },
  stages: { production: { hosts: ['local'], services }, bare: { hosts: ['local'] } },
}

describe('commands on the services of a stage', () => {
  let folder: string
  const { PATH } = process.env
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'capstan-systemctl-'))
    await writeFile(join(folder, 'systemctl'), SYSTEMCTL, { mode: 0o755 })
    await writeFile(join(folder, 'journalctl'), JOURNALCTL, { mode: 0o755 })
    await journal()
    process.env.PATH = `${folder}${delimiter}${PATH}`
  })
  afterEach(async () => {
    process.env.PATH = PATH
    await rm(folder, { recursive: true })
  })

  const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')
  const units = (...texts: string[]) => writeFile(join(folder, 'units'), lines(texts))
  const journal = (...texts: string[]) => writeFile(join(folder, 'journal'), lines(texts))
  const done = () => appendFile(join(folder, 'done'), '').then(() => readFile(join(folder, 'done'), 'utf8'))

  async function run(line: string) {
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
    out.json = line.includes('--json')
    const config = { ...deploy, deployTo: join(folder, 'shop') }
    const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
    const store = () => Promise.reject(new Error('no command here needs the store'))
    const session: Session = {
      ...{ runtime, options: {}, store, close: async () => {} },
      config: async () => ({ config: { deploy: config }, file: 'capstan.config.ts', directory: folder }),
    }
    const context = { session: () => session, store, runtime, out }
    const program = new Command().exitOverride()
    for (const command of [quietCommand, statusCommand, logsCommand]) program.addCommand(command(context))
    program.addCommand(serviceCommand(context, 'restart'))
    await program.parseAsync(line.split(' '), { from: 'user' })
    return { ...written, code: out.exitCode }
  }

  describe('quiet', () => {
    test('tells what is active, and leaves out what is no worker', async () => {
      await units('shop-worker@.service', `${INSTANCE} active running`, 'mails.service active running')
      assert.deepEqual(await run('quiet production'), {
        stdout: `local: ${INSTANCE}: told to take no more jobs\nlocal: mails.service: told to take no more jobs\n`,
        ...{ stderr: '', code: 0 },
      })
      const killed = (unit: string) => `kill --kill-who=main -s TSTP ${unit}\n`
      assert.equal(await done(), killed(INSTANCE) + killed('mails.service'))
    })

    test('says what is not active; with nothing told it has matched nothing', async () => {
      await units('shop-worker@.service', 'mails.service failed failed')
      assert.deepEqual(await run('quiet production'), {
        stdout:
          'local: shop-worker@.service: no instance: nothing to quiet\n' +
          'local: mails.service: not active (failed): nothing to quiet\n',
        ...{ stderr: '', code: 3 },
      })
      await units('shop-worker@.service', `${INSTANCE} deactivating stop-sigterm`)
      const draining = await run('quiet production worker')
      assert.equal(draining.stdout, `local: ${INSTANCE}: not active (deactivating): nothing to quiet\n`)
      await units('mails.service inactive dead')
      const { stdout } = await run('quiet production mails')
      assert.equal(stdout, 'local: mails.service: not active: nothing to quiet\n')
      await units('shop-worker@.service', 'mails.service active running')
      assert.equal((await run('quiet production')).code, 0)
    })

    test('fails for a unit that does not exist, also where another one was told', async () => {
      await units('mails.service active running')
      assert.deepEqual(await run('quiet production worker'), {
        stdout: 'local: shop-worker@.service: not found: nothing to quiet\n',
        ...{ stderr: '', code: 1 },
      })
      const { stdout, code } = await run('quiet production --json')
      assert.equal(code, 1)
      assert.deepEqual(JSON.parse(stdout).hosts, [
        {
          ...{ host: 'local', units: ['mails.service'] },
          skipped: [{ unit: 'shop-worker@.service', why: 'not found', active: 'inactive' }],
        },
      ])
      await units('shop-worker@.service')
      assert.equal((await run('quiet production mails')).code, 1)
    })

    test('refuses a service that is no worker by its name', async () =>
      assert.rejects(run('quiet production web'), {
        code: 'options.invalid',
        message: /service web is of type "unit".*stop or restart it/,
      }))

    test('fails in the words of systemd where nobody answers, and so does a restart', async () => {
      await assert.rejects(run('quiet production mails'), /Failed to connect to bus/)
      await assert.rejects(run('quiet production worker'), /Failed to connect to bus/)
      await assert.rejects(run('restart production worker'), /Failed to connect to bus/)
    })
  })

  describe('status', () => {
    const rows = async () =>
      (await run('status production')).stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/).slice(2, 4).join(': '))

    test('has a row for each service, whether it is there or not', async () => {
      await units('puma.service active running')
      assert.deepEqual(await rows(), [
        'UNIT: STATE',
        'shop-worker@.service: not installed',
        'mails.service: not installed',
        'puma.service: active (running)',
      ])
      await units('shop-worker@.service', 'mails.service failed failed')
      assert.deepEqual((await rows()).slice(1, 3), [
        'shop-worker@.service: no instance',
        'mails.service: failed (failed)',
      ])
      await units('shop-worker@.service', `${INSTANCE} active running`)
      assert.equal((await rows())[1], `${INSTANCE}: active (running)`)
    })

    test('says so where systemd does not answer', async () => {
      assert.deepEqual((await rows())[1], 'shop-worker@.service: systemd does not answer')
      assert.equal((await run('status bare')).stdout.split('\n')[1], 'local  none     none')
    })

    test('tells scripts the same', async () => {
      await units('puma.service active running')
      const [{ units: found }] = JSON.parse((await run('status production --json')).stdout).hosts
      assert.deepEqual(
        found.map((unit: Record<string, unknown>) => [
          ...[unit.service, unit.unit, unit.isInstalled, unit.active],
        ]),
        [
          ['worker', 'shop-worker@.service', false, 'inactive'],
          ['mails', 'mails.service', false, 'inactive'],
          ['web', 'puma.service', true, 'active'],
        ],
      )
    })
  })

  describe('logs', () => {
    test('show each line with its host', async () => {
      await units('mails.service active running')
      await journal('one', 'two')
      const { stdout, stderr, code } = await run('logs production mails')
      assert.deepEqual([stdout, stderr, code], ['local  one\nlocal  two\n', '', 0])
    })

    test('are refused for a service that nobody knows, and for numbers that are none', async () => {
      await assert.rejects(run('logs production nosuch'), {
        code: 'service.unknown',
        message: /^stage production has no service "nosuch"; known are worker, mails, web$/,
      })
      await assert.rejects(run('logs production -n many'), { code: 'options.invalid' })
    })

    test('say which unit is not there, and fail', async () => {
      await units('puma.service active running')
      const { stderr, code } = await run('logs production')
      assert.match(
        stderr,
        /^local: shop-worker@\.service: not installed\nlocal: mails\.service: not installed\n/,
      )
      assert.equal(code, 1)
      await rm(join(folder, 'units'))
      assert.match(
        (await run('logs production mails')).stderr,
        /^local: mails\.service: systemd does not answer\n$/,
      )
    })

    test('say that there is no line, and that no service runs here', async () => {
      await units('mails.service active running')
      const { stdout, stderr, code } = await run('logs production mails')
      assert.deepEqual([stdout, code], ['', 0])
      assert.match(stderr, /^local: the journal shows no line of these services: /)
      await journal('of somebody else')
      const bare = await run('logs bare')
      assert.deepEqual([bare.stdout, bare.stderr], ['', 'local: no service of this stage runs here\n'])
    })

    test('are one document as JSON, whatever is wrong', async () => {
      await units('mails.service active running')
      await journal('one')
      const { stdout, stderr, code } = await run('logs production --json')
      assert.deepEqual(JSON.parse(stdout), {
        stage: 'production',
        hosts: [
          {
            ...{ host: 'local', lines: ['one'] },
            missing: [
              { unit: 'shop-worker@.service', why: 'not installed' },
              { unit: 'puma.service', why: 'not installed' },
            ],
          },
        ],
      })
      assert.deepEqual([stderr, code], ['', 1])
      assert.deepEqual(JSON.parse((await run('logs bare --json')).stdout).hosts, [
        { host: 'local', lines: [], missing: [] },
      ])
      await assert.rejects(run('logs production --json -f'), { code: 'options.invalid' })
    })
  })
})

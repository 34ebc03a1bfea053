import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { systemFiles } from '../../deploy/setup.ts'
import { durationOption } from '../../kernel/duration.ts'
import { UsageError } from '../../kernel/errors.ts'
import type { ServiceManager } from '../../systemd/directive.ts'
import { NEWEST_SYSTEMD } from '../../systemd/directives.ts'
import type { Hardening } from '../../systemd/hardening.ts'
import { renderUnit } from '../../systemd/render-unit.ts'
import { workerUnit, workerUnitName } from '../../systemd/worker-unit.ts'
import type { WorkerUnitOptions } from '../../systemd/worker-unit-options.ts'
import { stageSession } from '../deploy/stage-session.ts'
import { printable, writeJson } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { oneOf, repeated, type SystemdContext, subcommand } from './systemd-context.ts'

interface ShowFlags {
  readonly app?: string
  readonly service: string
  readonly deployTo?: string
  readonly user?: string
  readonly root?: boolean
  readonly node: string
  readonly fixed?: boolean
  readonly manager: ServiceManager
  readonly hardening: Hardening
  readonly memoryMax?: string
  readonly timeout: string
  readonly environmentFile?: readonly string[]
  readonly credential?: readonly string[]
  readonly systemdVersion: string
}

interface ShownUnit {
  readonly path: string
  readonly text: string
  readonly notes: readonly string[]
}

/** `capstan unit show [STAGE]` */
export function showCommand(context: SystemdContext): Command {
  const { out } = context
  return subcommand('show [stage]', {
    about: 'Print the units of the workers of a stage, or of a worker that is described by options.',
    examples: [
      'capstan unit show production',
      'capstan unit show --app shop --user deploy > /etc/systemd/system/shop-worker@.service',
    ],
  })
    .option('--app <name>', 'the application; without a stage')
    .option('--service <name>', 'the service within it', 'worker')
    .option('--deploy-to <path>', 'where it is deployed; default /var/www/APP')
    .option('--user <name>', 'who it runs as; default: who runs this command, unless that is root')
    .option('--root', 'let it run as root all the same')
    .option(
      '--node <path>',
      'the Node that runs it, or "release" for the one that it brings',
      process.execPath,
    )
    .option('--fixed', 'one unit on "current", in place of an instance for each release and process')
    .option('--manager <which>', 'system or user', oneOf('--manager', ['system', 'user']), 'system')
    .option(
      '--hardening <profile>',
      'off, basic or strict',
      oneOf('--hardening', ['off', 'basic', 'strict']),
      'basic',
    )
    .option('--memory-max <size>', 'such as 500M, 2G or 50%')
    .option('--timeout <duration>', 'how long the worker lets jobs go on at a stop', '25s')
    .option('--environment-file <path>', 'repeatable', repeated)
    .option('--credential <name:file>', 'a secret that systemd hands over; repeatable', repeated)
    .option('--systemd-version <number>', 'leave out what this one is too old for', String(NEWEST_SYSTEMD))
    .action(async (stage: string | undefined, flags: ShowFlags) => {
      const units = stage === undefined ? [unitOf(flags)] : await unitsOfStage(context, stage, flags)
      if (out.json) return writeJson(out, { units })
      for (const { path, text, notes } of units) {
        out.write(`# ${path}`)
        for (const line of text.trimEnd().split('\n')) out.write(line)
        for (const note of notes) out.note(printable(note))
      }
    })
}

function unitOf(flags: ShowFlags): ShownUnit {
  const options = optionsOf(flags)
  const { manager } = options
  const rendered = renderUnit(workerUnit(options), { manager, systemdVersion: versionOf(flags) })
  const folder = manager === 'system' ? '/etc/systemd/system' : '~/.config/systemd/user'
  return { path: `${folder}/${workerUnitName(options)}`, ...rendered }
}

function optionsOf(flags: ShowFlags): WorkerUnitOptions {
  const { app, service, node, manager, hardening, memoryMax } = flags
  if (app === undefined)
    throw new UsageError(
      'options.invalid',
      'unit show: expected a stage, or --app NAME with what else is special about it',
    )
  return {
    ...{ application: app, service, node, manager, hardening },
    deployTo: flags.deployTo ?? `/var/www/${app}`,
    user: namedUser(flags),
    allowRoot: flags.root === true,
    shape: flags.fixed ? 'fixed' : 'template',
    timeoutMs: durationOption(flags.timeout, '--timeout'),
    environmentFiles: flags.environmentFile ?? [],
    credentials: Object.fromEntries((flags.credential ?? []).map(credentialOf)),
    ...(memoryMax === undefined ? {} : { memoryMax }),
  }
}

async function unitsOfStage(context: SystemdContext, name: string, flags: ShowFlags): Promise<ShownUnit[]> {
  const { stage } = await stageSession(context.session(), name, {})
  const facts = { systemd: versionOf(flags), sudo: null, node: flags.node }
  const files = stage.hosts.flatMap((host) =>
    systemFiles(stage, { host, user: host.user ?? userOf(flags), facts }),
  )
  const units = files.filter(({ path }) => path.endsWith('.service'))
  if (units.length > 0) return [...new Map(units.map((unit) => [unit.path, unit])).values()]
  throw new UsageError(
    'options.invalid',
    `stage ${name}: no service of type "worker", so there is no unit to show; one of type "sidekiq" keeps its own unit: capstan unit explain FILE`,
  )
}

function namedUser(flags: ShowFlags): string {
  const user = userOf(flags)
  if (flags.user === undefined && !flags.root && flags.manager === 'system' && user === 'root')
    throw new UsageError(
      'unit.root',
      'unit show: no --user was given, and you are root; jobs of a worker that runs as root can do anything: ' +
        'name whoever owns the releases with --user (if root is wanted: --root)',
    )
  return user
}

function userOf({ user, root }: ShowFlags): string {
  return user ?? (root ? 'root' : userInfo().username)
}

function versionOf({ systemdVersion }: ShowFlags): number {
  return wholeNumber(systemdVersion, '--systemd-version', 1)
}

function credentialOf(word: string): [string, string] {
  const at = word.indexOf(':')
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
  throw new UsageError('options.invalid', `--credential: expected NAME:FILE, got "${word}"`)
}

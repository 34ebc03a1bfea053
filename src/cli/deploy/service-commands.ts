import type { Command } from 'commander'
import type { DeployHost } from '../../deploy/deployment.ts'
import { onEach } from '../../deploy/fleet.ts'
import { hostFacts, probeHost } from '../../deploy/on-host/probe-host.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { requireRights } from '../../deploy/phases/require-rights.ts'
import { quiet, quietedUnits } from '../../deploy/services/busy.ts'
import { type Service, servicesOn, unitsOf, VERBS as VERBS_OF_TYPE } from '../../deploy/services/service.ts'
import {
  lookAtServices,
  requireSystemd,
  type ServiceUnit,
  serviceUnits,
} from '../../deploy/services/service-units.ts'
import type { Stage } from '../../deploy/stage.ts'
import { meant } from '../../kernel/check.ts'
import { UsageError } from '../../kernel/errors.ts'
import { command, inOrder, type Script } from '../../remote/script.ts'
import { type SystemctlVerb, systemctl } from '../../systemd/systemctl.ts'
import { EXIT, type ExitCode, printable, writeJson } from '../output.ts'
import { type OpenStage, onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

export type ServiceDeed = 'start' | 'stop' | 'quiet' | 'restart'

/** What a deed is for systemd: instances of a template are enabled with the start, so that a reboot brings them back. */
const VERBS: Readonly<
  Record<ServiceDeed, { readonly fixed: SystemctlVerb; readonly instance: SystemctlVerb }>
> = {
  start: { fixed: 'start', instance: 'enable --now' },
  stop: { fixed: 'stop', instance: 'disable --now' },
  quiet: { fixed: 'quiet', instance: 'quiet' },
  restart: { fixed: 'restart', instance: 'restart' },
}

/** `capstan start STAGE [SERVICE]` and `capstan restart …`; `stop` and `quiet` share their names with those for workers. */
export function serviceCommand(context: DeployContext, deed: 'start' | 'restart'): Command {
  return stageCommand(deed, `${deed} the services of a stage, one unit after the other`)
    .argument('[service]', 'only this one')
    .addHelpText('after', `\nExample: capstan ${deed} production worker --hosts web-1`)
    .action((stage: string, service: string | undefined, flags: StageFlags) =>
      doToServices(context, deed, { stage, service, flags }),
    )
}

export interface ServiceChoice {
  readonly stage: string
  readonly service: string | undefined
  readonly flags: StageFlags
}

/** Does it to every unit of the chosen services, each by its full name. */
export async function doToServices(
  context: DeployContext,
  deed: ServiceDeed,
  { stage: name, service, flags }: ServiceChoice,
): Promise<void> {
  const { out } = context
  const done = await onStage(context, { stage: name, flags }, async (open) => {
    const { stage } = open
    requireService(stage, service)
    if (deed === 'quiet') requireQuietable(stage, service)
    await requireRights(stage, open.hosts, (host) =>
      chosen(stage, host, { deed, service }).map((each) => ({
        ...{ verb: verbOf(deed, each), unit: each.unitFile, manager: each.manager },
      })),
    )
    return onEach(open.hosts, (host) => doOn(open, host, { deed, service }))
  })
  const hosts = [...done].map(([host, its]) => ({ host, ...its }))
  const exitCode = deed === 'quiet' ? quietExit(hosts) : EXIT.ok
  if (exitCode !== EXIT.ok) out.exitCode = exitCode
  if (out.json) return writeJson(out, { stage: name, deed, hosts })
  for (const { host, units, skipped } of hosts) {
    if (units.length + skipped.length === 0) out.write(printable(`${host}: nothing to ${deed}`))
    for (const unit of units) out.write(printable(`${host}: ${unit}: ${DONE[deed]}`))
    for (const unit of skipped) out.write(printable(`${host}: ${skippedText(unit)}: nothing to ${deed}`))
  }
}

/** What was done on a host. */
interface Done {
  /** By their full names. */
  readonly units: readonly string[]
  readonly skipped: readonly Skipped[]
}

/** A unit to which nothing could be done. */
interface Skipped {
  readonly unit: string
  readonly why: 'not found' | 'not active' | 'no instance'
  /** As systemd says it: `inactive`, `failed`, … */
  readonly active: string
}

/** What does not exist is a failure, as systemctl has it for a start; that nobody was told is no success either. */
function quietExit(hosts: readonly Done[]): ExitCode {
  if (hosts.some(({ skipped }) => skipped.some(({ why }) => why === 'not found'))) return EXIT.failure
  return hosts.some(({ units }) => units.length > 0) ? EXIT.ok : EXIT.nothingMatched
}

function skippedText({ unit, why, active }: Skipped): string {
  return why === 'not active' && active !== 'inactive' ? `${unit}: ${why} (${active})` : `${unit}: ${why}`
}

const DONE = {
  start: 'started',
  stop: 'stopped',
  quiet: 'told to take no more jobs',
  restart: 'restarted',
} as const

interface Choice {
  readonly deed: ServiceDeed
  readonly service: string | undefined
}

async function doOn({ stage, signal }: OpenStage, host: DeployHost, choice: Choice): Promise<Done> {
  const { deed } = choice
  const done = []
  for (const service of chosen(stage, host, choice)) {
    const target = { stage, service, host, signal }
    if (deed === 'quiet') done.push(await quietOn(target))
    else {
      const units = await unitNames(target, deed)
      const commands = units.map((unit) => command(systemctl(verbOf(deed, service), unit, service.manager)))
      await runAll(target, deed, commands)
      done.push({ units, skipped: [] })
    }
  }
  return {
    units: done.flatMap(({ units }) => units),
    skipped: done.flatMap(({ skipped }) => skipped),
  }
}

/** A service of type `unit` is left out of a quiet: what its program makes of the signal is its own affair. */
function chosen(stage: Stage, host: DeployHost, { deed, service }: Choice): Service[] {
  return servicesOn(stage, host).filter(
    ({ name, type }) =>
      (service === undefined || name === service) && (deed !== 'quiet' || isQuietable({ type })),
  )
}

function isQuietable({ type }: { readonly type: Service['type'] }): boolean {
  return VERBS_OF_TYPE[type].includes('quiet')
}

function verbOf(deed: ServiceDeed, { type }: Service): SystemctlVerb {
  return VERBS[deed][type === 'worker' ? 'instance' : 'fixed']
}

interface Target {
  readonly stage: Stage
  readonly service: Service
  readonly host: DeployHost
  readonly signal: AbortSignal
}

/** The answer of commands, one after the other; '' for none. */
async function runAll({ service, host, signal }: Target, deed: ServiceDeed, commands: readonly Script[]) {
  if (commands.length === 0) return ''
  const { stdout } = await host.shell.run(inOrder(`${deed} ${service.name}`, commands), { signal })
  return stdout
}

async function quietOn(target: Target): Promise<Done> {
  const { service } = target
  const known = service.type === 'worker' ? await instancesOf(target) : []
  const templates = known.filter(({ isTemplate }) => isTemplate)
  const instances = known.filter(({ isTemplate }) => !isTemplate).map(({ unit }) => unit)
  const names = service.type === 'worker' ? instances : unitsOf(service, '')
  const reply = new Reply(await runAll(target, 'quiet', quiet(service.manager, names)))
  const { quieted, others } = quietedUnits(reply)
  return {
    units: quieted,
    skipped: [
      ...others.map(({ unit, isInstalled, active }) => ({
        ...{ unit, why: isInstalled ? ('not active' as const) : ('not found' as const), active },
      })),
      ...templates.map(({ unit, isInstalled }) => ({
        ...{ unit, why: isInstalled ? ('no instance' as const) : ('not found' as const), active: 'inactive' },
      })),
    ],
  }
}

/** Started are the instances of the live release; the rest is done to all instances that run. */
async function unitNames(target: Target, deed: ServiceDeed): Promise<string[]> {
  const { stage, service, host, signal } = target
  if (service.type !== 'worker') return unitsOf(service, '')
  if (deed === 'start') {
    const current = await currentRelease(stage, host, signal)
    return current === null ? [] : unitsOf(service, current)
  }
  return (await instancesOf(target)).filter(mayRun).map(({ unit }) => unit)
}

async function instancesOf({ service, host, signal }: Target): Promise<ServiceUnit[]> {
  const questions = [requireSystemd(service.manager), ...lookAtServices([service])]
  const { stdout } = await host.shell.run(inOrder('look at the units', questions), { signal })
  return serviceUnits([service], stdout)
}

function mayRun({ isTemplate, state }: ServiceUnit): boolean {
  return !isTemplate && state !== null && (state.active === 'active' || state.isEnabled)
}

async function currentRelease(stage: Stage, host: DeployHost, signal: AbortSignal): Promise<string | null> {
  const { stdout } = await host.shell.run(probeHost(stage.deployTo, []), { signal })
  return hostFacts(new Reply(stdout)).current.release ?? null
}

/** @throws UsageError `service.unknown` for a name that no service of the stage has */
export function requireService({ name, services }: Stage, wanted: string | undefined): void {
  const known = services.map((service) => service.name)
  if (wanted === undefined || known.includes(wanted)) return
  throw new UsageError('service.unknown', `stage ${name} has no service "${wanted}"; ${meant(wanted, known)}`)
}

function requireQuietable({ services }: Stage, wanted: string | undefined): void {
  const service = services.find(({ name }) => name === wanted)
  if (service === undefined || isQuietable(service)) return
  throw new UsageError(
    'options.invalid',
    `quiet: service ${service.name} is of type "${service.type}", and only workers know how to take no more jobs; stop or restart it`,
  )
}

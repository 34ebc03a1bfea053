import type { Command } from 'commander'
import type { DeployHost } from '../../deploy/deployment.ts'
import { onEach } from '../../deploy/fleet.ts'
import { hostFacts, probeHost } from '../../deploy/on-host/probe-host.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { requireRights } from '../../deploy/phases/require-rights.ts'
import { quiet } from '../../deploy/services/busy.ts'
import { type Service, servicesOn, unitsOf } from '../../deploy/services/service.ts'
import { showInstances, unitStates } from '../../deploy/services/unit-state.ts'
import type { Stage } from '../../deploy/stage.ts'
import { meant } from '../../kernel/check.ts'
import { UsageError } from '../../kernel/errors.ts'
import { command, inOrder, type Script } from '../../remote/script.ts'
import { type SystemctlVerb, systemctl } from '../../systemd/systemctl.ts'
import { printable, writeJson } from '../output.ts'
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
    if (service !== undefined && !stage.services.some((known) => known.name === service))
      throw unknownService(stage, service)
    await requireRights(stage, open.hosts, (host) =>
      chosen(stage, host, service).map((each) => ({
        ...{ verb: verbOf(deed, each), unit: each.unitFile, manager: each.manager },
      })),
    )
    return onEach(open.hosts, (host) => doOn(open, host, { deed, service }))
  })
  const hosts = [...done].map(([host, units]) => ({ host, units }))
  if (out.json) return writeJson(out, { stage: name, deed, hosts })
  for (const { host, units } of hosts) {
    if (units.length === 0) out.write(printable(`${host}: nothing to ${deed}`))
    for (const unit of units) out.write(printable(`${host}: ${unit}: ${DONE[deed]}`))
  }
}

const DONE = {
  start: 'started',
  stop: 'stopped',
  quiet: 'told to take no more jobs',
  restart: 'restarted',
} as const

async function doOn(
  { stage, signal }: OpenStage,
  host: DeployHost,
  { deed, service: wanted }: { readonly deed: ServiceDeed; readonly service: string | undefined },
): Promise<string[]> {
  const units = []
  for (const service of chosen(stage, host, wanted)) {
    const names = await unitNames({ stage, service, host, deed, signal })
    const commands = scripts(deed, service, names)
    if (commands.length > 0) await host.shell.run(inOrder(`${deed} ${service.name}`, commands), { signal })
    units.push(...names)
  }
  return units
}

function chosen(stage: Stage, host: DeployHost, wanted: string | undefined): Service[] {
  return servicesOn(stage, host).filter(({ name }) => wanted === undefined || name === wanted)
}

function verbOf(deed: ServiceDeed, { type }: Service): SystemctlVerb {
  return VERBS[deed][type === 'worker' ? 'instance' : 'fixed']
}

function scripts(deed: ServiceDeed, service: Service, units: readonly string[]): Script[] {
  const { manager } = service
  if (deed === 'quiet') return quiet(manager, units)
  return units.map((unit) => command(systemctl(verbOf(deed, service), unit, manager)))
}

interface Target {
  readonly stage: Stage
  readonly service: Service
  readonly host: DeployHost
  readonly deed: ServiceDeed
  readonly signal: AbortSignal
}

/** Started are the instances of the live release; the rest is done to all instances that run. */
async function unitNames({ stage, service, host, deed, signal }: Target): Promise<string[]> {
  if (service.type !== 'worker') return unitsOf(service, '')
  if (deed === 'start') {
    const current = await currentRelease(stage, host, signal)
    return current === null ? [] : unitsOf(service, current)
  }
  const { stdout } = await host.shell.run(showInstances(service.manager, service.template), { signal })
  return unitStates(stdout)
    .filter(({ active, isEnabled }) => active === 'active' || isEnabled)
    .map(({ unit }) => unit)
}

async function currentRelease(stage: Stage, host: DeployHost, signal: AbortSignal): Promise<string | null> {
  const { stdout } = await host.shell.run(probeHost(stage.deployTo, []), { signal })
  return hostFacts(new Reply(stdout)).current.release ?? null
}

function unknownService({ name, services }: Stage, wanted: string): UsageError {
  const known = services.map((service) => service.name)
  return new UsageError(
    'service.unknown',
    `stage ${name} has no service "${wanted}"; ${meant(wanted, known)}`,
  )
}

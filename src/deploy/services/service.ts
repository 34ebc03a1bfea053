import {
  FIXED_VERBS,
  type SystemctlVerb,
  systemctl,
  TEMPLATE_VERBS,
  UNIT_VERBS,
} from '../../systemd/systemctl.ts'
import type { ServiceManager } from '../deploy-config.ts'
import type { Stage, StageHost, StageService } from '../stage.ts'
import { freeInstances } from './instance-names.ts'

/** What all services have in common, once everything is decided. */
interface AnyService {
  readonly name: string
  readonly manager: ServiceManager
  /** A unit by which systemd can be asked whether the service is installed. */
  readonly unitFile: string
  /** Whether its process works in the release that is current. */
  readonly followsRelease: boolean
  readonly drainMs: number
}

export interface WorkerService extends AnyService {
  readonly type: 'worker'
  /** `APP-SERVICE`, the part of the unit's name before the `@`. */
  readonly template: string
  readonly processes: number
  readonly cutover: 'overlap' | 'replace'
}

export interface SidekiqService extends AnyService {
  readonly type: 'sidekiq'
}

export interface UnitService extends AnyService {
  readonly type: 'unit'
}

export type Service = WorkerService | SidekiqService | UnitService

/** An instance that never exists: systemd answers for its template. */
const NO_INSTANCE = '00000000000000-0'

/** The services of a host, in the order of the configuration. */
export function servicesOn(stage: Stage, host: StageHost): Service[] {
  return stage.services
    .filter((service) => service.hosts.some(({ name }) => name === host.name))
    .map((service) => serviceFrom(stage, service))
}

function serviceFrom(stage: Stage, service: StageService): Service {
  const { name, manager, drainMs } = service
  if (service.type !== 'worker')
    return {
      type: service.type,
      name,
      manager,
      drainMs,
      unitFile: service.unit,
      followsRelease: service.type === 'sidekiq',
    }
  const template = templateOf(stage.application, name)
  return {
    type: 'worker',
    name,
    manager,
    drainMs,
    template,
    unitFile: `${template}@${NO_INSTANCE}.service`,
    followsRelease: true,
    processes: service.processes,
    cutover: service.cutover,
  }
}

export function templateOf(application: string, service: string): string {
  return `${application}-${service}`
}

/** Workers whose new instances start before the old ones end. */
export function overlapping(stage: Stage, host: StageHost): WorkerService[] {
  return servicesOn(stage, host).filter(
    (service): service is WorkerService => service.type === 'worker' && service.cutover === 'overlap',
  )
}

export function instanceUnit({ template }: WorkerService, instance: string): string {
  return `${template}@${instance}.service`
}

/** The units that run a service of a release when nothing is in their way; a fixed unit is the same for all of them. */
export function unitsOf(service: Service, release: string): string[] {
  if (service.type !== 'worker') return [service.unitFile]
  return freeInstances(release, service.processes, []).map((instance) => instanceUnit(service, instance))
}

/** A command that a deploy may have to run for a service. */
export interface Right {
  readonly verb: SystemctlVerb
  readonly unit: string
  readonly manager: ServiceManager
}

/** The words of a right of the system manager behind `sudo -n`. */
export function commandOf({ verb, unit, manager }: Right): string[] {
  return systemctl(verb, unit, manager).slice(2)
}

/** How people and rules of sudo name a unit file: a template for all of its instances. */
export function shownUnit(unitFile: string): string {
  return unitFile.replace(`@${NO_INSTANCE}.`, '@.')
}

/** All commands that deploys, rollbacks and the service commands run for a service, so that none is refused half-way. */
export function rightsOf({ type, unitFile, manager }: Service): Right[] {
  return VERBS[type].map((verb) => ({ verb, unit: unitFile, manager }))
}

/** What is done to units, by the type of their service. */
export const VERBS: Readonly<Record<Service['type'], readonly SystemctlVerb[]>> = {
  worker: TEMPLATE_VERBS,
  sidekiq: FIXED_VERBS,
  unit: UNIT_VERBS,
}

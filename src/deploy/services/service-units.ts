import type { Script } from '../../remote/script.ts'
import type { ServiceManager } from '../deploy-config.ts'
import { Reply, SAY } from '../on-host/reply.ts'
import { type Service, shownUnit } from './service.ts'
import { SYSTEMCTL, showInstances, showUnits, type UnitState, unitStates } from './unit-state.ts'

/** A unit of a configured service. A service that has none is listed by its file, a worker by `NAME@.service`. */
export interface ServiceUnit {
  readonly service: string
  readonly unit: string
  /** null: systemd does not answer. */
  readonly isInstalled: boolean | null
  /** True for a worker without any instance: `unit` is its template, and `state` the one that an instance would have. */
  readonly isTemplate: boolean
  /** null: systemd does not answer. */
  readonly state: UnitState | null
}

/** Asks for the units of services: of a worker for the instances of all releases, an old one that still drains included. */
export function lookAtServices(services: readonly Service[]): Script[] {
  return services.flatMap((service) => {
    const { name, manager, unitFile } = service
    const begin = { name, body: `${SAY}\nsay service "$1"`, args: [name], reads: true }
    // The file comes last: asking for an instance that never is must not bring it among those that systemd lists.
    const instances = service.type === 'worker' ? [showInstances(manager, service.template)] : []
    return [begin, ...instances, showUnits(manager, [unitFile])]
  })
}

/** Fails in the words of systemd where that does not answer. */
export function requireSystemd(manager: ServiceManager): Script {
  const body = `${SYSTEMCTL}\nsystemctl show -p Version >/dev/null`
  return { name: 'ask for systemd', body, args: [manager], reads: true }
}

/** What the question for services was answered, in the order of the services; at least one a service. */
export function serviceUnits(services: readonly Service[], stdout: string): ServiceUnit[] {
  // By service, not by name: systemd answers for an alias by the name of the unit that it stands for.
  const answers = new Map(
    stdout.split(/^(?=service\t)/m).map((answer) => [new Reply(answer).one('service'), unitStates(answer)]),
  )
  return services.flatMap((service) => unitsIn(service, answers.get(service.name) ?? []))
}

function unitsIn(service: Service, states: readonly UnitState[]): ServiceUnit[] {
  const { name, type, unitFile } = service
  const isTemplate = type === 'worker'
  const instances = isTemplate ? states.filter(({ unit }) => unit !== unitFile) : []
  const found = instances.map((state) => ({
    ...{ service: name, unit: state.unit, isInstalled: state.isInstalled, isTemplate: false, state },
  }))
  if (found.length > 0) return found
  const state = states.at(-1) ?? null
  const unit = shownUnit(unitFile)
  return [{ service: name, unit, isInstalled: state?.isInstalled ?? null, isTemplate, state }]
}

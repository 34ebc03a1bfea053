import { command, inOrder } from '../../remote/script.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { tellMoment } from '../ledger/cutover-moments.ts'
import { linkInstances } from '../on-host/instances.ts'
import { withReason } from './healthy.ts'
import { freeInstances, instanceIn, releaseIn } from './instance-names.ts'
import { instanceUnit, type WorkerService } from './service.ts'
import { showInstances, type UnitState, unitStates } from './unit-state.ts'

/** For all instances of a service on a host; systemd itself gives each one a minute, unless it asks for more. */
const START_LIMIT_MS = 180_000

/**
 * Starts the instances of this deployment's release; `systemctl` answers when each has said that it is ready.
 * @throws DeployError `deploy.unhealthy` with the last lines of the one that did not come up
 */
export async function startInstances(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<void> {
  const { stage, release, params } = deployment
  // Of a release that was just made there are none; of one that is returned to, some may still drain.
  const there = params.kind === 'deploy' ? [] : await instancesOn(deployment, host, service)
  const instances = freeInstances(
    release,
    service.processes,
    there.map(({ unit }) => instanceIn(unit)),
  )
  const units = instances.map((instance) => instanceUnit(service, instance))
  deployment.started(host, service.name, units)
  await withReason(deployment, { host, service }, () =>
    deployment.run(
      host,
      inOrder(`start the new ${service.name}`, [
        linkInstances(stage.layout, release, instances),
        ...units.map((unit) => command(systemctl('enable --now', unit, service.manager))),
      ]),
      { timeoutMs: START_LIMIT_MS },
    ),
  )
}

/** Ends the instances that this deployment has started, and waits: afterwards nothing of them runs. */
export async function removeInstances(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<void> {
  const units = deployment.unitsOf(host, service)
  await deployment.runInOrder(
    host,
    `end the new ${service.name}`,
    units.map((unit) => command(systemctl('disable --now', unit, service.manager))),
  )
  for (const unit of units) {
    // One that systemd has forgotten already has no failure that could be reset.
    const reset = command(systemctl('reset-failed', unit, service.manager))
    await deployment.run(host, { ...reset, name: `reset ${unit}` }, { accept: [0, 1] })
  }
}

/** Tells all instances but those of this deployment to end and goes on: they drain for as long as their jobs need. */
export async function endOldInstances(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<void> {
  const old = await oldInstances(deployment, host, service)
  if (old.length === 0) return
  const returning = old.filter(({ isEnabled }) => isEnabled)
  deployment.undo.add(`${host.name}: start the old ${service.name} again`, () =>
    startAgain(deployment, host, { service, units: returning }),
  )
  const units = old.map(({ unit }) => unit)
  const failed = old.filter(({ active }) => active === 'failed').map(({ unit }) => unit)
  await deployment.moments.tell(host.name, service.name, () =>
    deployment.runInOrder(host, `tell the old ${service.name} to end`, [
      tellMoment(service, units),
      ...failed.map((unit) => command(systemctl('reset-failed', unit, service.manager))),
      ...units.map((unit) => command(systemctl('disable --now --no-block', unit, service.manager))),
    ]),
  )
  const said = old.map(({ status }) => status || 'no status').join('; ')
  deployment.say(host, `${service.name}: ${old.length} old drain${old.length === 1 ? 's' : ''} (${said})`)
}

/** All instances that this deployment has not started. */
export async function oldInstances(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<UnitState[]> {
  const mine = deployment.unitsOf(host, service)
  const all = await instancesOn(deployment, host, service)
  return all.filter(({ unit }) => !mine.includes(unit))
}

async function instancesOn(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<UnitState[]> {
  const { stdout } = await deployment.run(host, showInstances(service.manager, service.template))
  return unitStates(stdout)
}

/** One that drains takes no jobs and would be waited for: another instance of its release starts in its place. */
async function startAgain(
  deployment: Deployment,
  host: DeployHost,
  { service, units }: { readonly service: WorkerService; readonly units: readonly UnitState[] },
): Promise<void> {
  const { layout } = deployment.stage
  const there = await instancesOn(deployment, host, service)
  const taken = there.filter(({ active }) => active === 'deactivating').map(({ unit }) => instanceIn(unit))
  const scripts = units.flatMap(({ unit }) => {
    const release = releaseIn(unit)
    const instance = taken.includes(instanceIn(unit))
      ? freeInstances(release, 1, taken)[0]!
      : instanceIn(unit)
    taken.push(instance)
    return [
      linkInstances(layout, release, [instance]),
      command(systemctl('enable --now', instanceUnit(service, instance), service.manager)),
    ]
  })
  await deployment.runInOrder(host, `start the old ${service.name}`, scripts)
}

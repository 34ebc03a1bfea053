import { command, inOrder, type Script } from '../../remote/script.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { tellMoment } from '../ledger/cutover-moments.ts'
import { currentBack } from '../phases/publish.ts'
import { type Busy, busyUnits, quiet } from './busy.ts'
import { requireHealthy, withReason } from './healthy.ts'
import { oldInstances, removeInstances, startInstances } from './instances.ts'
import type { Service, SidekiqService, UnitService, WorkerService } from './service.ts'

/** How often a drain looks again: until it sees that nothing runs, nobody takes jobs. */
const LOOK_MS = 500

/** Quiet, drain, restart: between the last two nobody takes jobs. */
export async function replace(deployment: Deployment, host: DeployHost, service: Service): Promise<void> {
  if (service.type === 'worker') await replaceInstances(deployment, host, service)
  else await replaceUnit(deployment, host, service)
  await requireHealthy(deployment, host, { services: [service], soakMs: deployment.stage.soakMs })
}

async function replaceUnit(
  deployment: Deployment,
  host: DeployHost,
  service: SidekiqService | UnitService,
): Promise<void> {
  const { name, unitFile, manager } = service
  const restart = inOrder(`restart ${name}`, [command(systemctl('restart', unitFile, manager))])
  const isFirst = deployment.before(host).current.release === undefined
  deployment.undo.add(`${host.name}: ${isFirst ? 'stop' : 'restart'} ${name}`, () =>
    deployment.runInOrder(host, `restart ${name} in the old release`, [
      currentBack(deployment, host),
      isFirst ? command(systemctl('stop', unitFile, manager)) : restart,
    ]),
  )
  await guarded(host, restart, async () => {
    if (service.type === 'sidekiq') await quietAndDrain(deployment, host, { service, units: [unitFile] })
    await withReason(deployment, { host, service }, () => deployment.run(host, restart))
  })
}

async function replaceInstances(
  deployment: Deployment,
  host: DeployHost,
  service: WorkerService,
): Promise<void> {
  const { name, manager } = service
  const old = await oldInstances(deployment, host, service)
  const units = old.map(({ unit }) => unit)
  const returning = old.filter(({ isEnabled }) => isEnabled).map(({ unit }) => unit)
  // Perhaps they were told to end already, and would not start at the next boot.
  const restart = inOrder(
    `restart the old ${name}`,
    returning.flatMap((unit) => [
      command(systemctl('restart', unit, manager)),
      command(systemctl('enable --now', unit, manager)),
    ]),
  )
  deployment.undo.add(`${host.name}: restart the old ${name}`, async () => {
    await removeInstances(deployment, host, service)
    await deployment.run(host, restart)
  })
  await guarded(host, restart, async () => {
    await quietAndDrain(deployment, host, { service, units })
    await deployment.runInOrder(
      host,
      `end the old ${name}`,
      units.map((unit) => command(systemctl('disable --now', unit, manager))),
    )
    await startInstances(deployment, host, service)
  })
}

/**
 * From the quiet on a guard on the host stands by: should we die or be cut off, it restarts the service, so that no
 * worker is left that looks healthy and takes nothing. A failure is put right by the undo, not by the guard.
 */
async function guarded(host: DeployHost, restart: Script, work: () => Promise<void>): Promise<void> {
  const guard = await host.shell.guard(restart)
  try {
    await work()
  } finally {
    await guard.disarm()
  }
}

interface Draining {
  readonly service: WorkerService | SidekiqService
  readonly units: readonly string[]
}

async function quietAndDrain(
  deployment: Deployment,
  host: DeployHost,
  { service, units }: Draining,
): Promise<void> {
  const { clock } = deployment.runtime
  await deployment.moments.tell(host.name, service.name, () =>
    deployment.runInOrder(host, `quiet ${service.name}`, [
      tellMoment(service, units),
      ...quiet(service.manager, units),
    ]),
  )
  const deadline = clock.mono() + service.drainMs
  let said = ''
  for (;;) {
    const busy = await busyUnits(deployment, host, { service, units })
    if (busy.jobs === 0) return
    if (clock.mono() >= deadline)
      return deployment.say(host, `${service.name}: ${left(busy)}, the drain is over`)
    if (left(busy) !== said) deployment.say(host, `${service.name}: ${left(busy)}`)
    said = left(busy)
    await clock.sleep(LOOK_MS, deployment.params.signal)
    deployment.params.signal.throwIfAborted()
  }
}

function left({ jobs }: Busy): string {
  return jobs === null ? 'waiting to hear how many jobs are left' : `${jobs} job${jobs === 1 ? '' : 's'} left`
}

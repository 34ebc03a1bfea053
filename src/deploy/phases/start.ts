import type { DeployHost, Deployment } from '../deployment.ts'
import { requireHealthy } from '../services/healthy.ts'
import { removeInstances, startInstances } from '../services/instances.ts'
import { overlapping } from '../services/service.ts'

/**
 * Starts the new instances of all services that overlap, and believes them after the soak. Nothing that existed before
 * is touched: a failure takes the new ones away, and the old ones never knew.
 */
export async function start(deployment: Deployment): Promise<void> {
  await deployment.inBatches((host) => startOn(deployment, host))
}

async function startOn(deployment: Deployment, host: DeployHost): Promise<void> {
  const services = overlapping(deployment.stage, host)
  for (const service of services) {
    deployment.undo.add(`${host.name}: end the new ${service.name}`, () =>
      removeInstances(deployment, host, service),
    )
    await startInstances(deployment, host, service)
  }
  await requireHealthy(deployment, host, { services, soakMs: deployment.stage.soakMs })
}

import type { DeployHost, Deployment } from '../deployment.ts'
import { endOldInstances } from '../services/instances.ts'
import { replace } from '../services/replace.ts'
import { servicesOn } from '../services/service.ts'

/** From the old release to the new one: old instances are told to end and go on draining; the others are replaced. */
export async function cutover(deployment: Deployment): Promise<void> {
  await deployment.inBatches((host) => cutOver(deployment, host))
}

async function cutOver(deployment: Deployment, host: DeployHost): Promise<void> {
  for (const service of servicesOn(deployment.stage, host)) {
    if (service.type === 'worker' && service.cutover === 'overlap')
      await endOldInstances(deployment, host, service)
    else await replace(deployment, host, service)
  }
}

import type { Deployment } from '../deployment.ts'
import { requireHealthy } from '../services/healthy.ts'
import { servicesOn } from '../services/service.ts'

/** Looks at every service once more, when all hosts are through. */
export async function verify(deployment: Deployment): Promise<void> {
  await deployment.onHosts((host) =>
    requireHealthy(deployment, host, { services: servicesOn(deployment.stage, host), soakMs: 0 }),
  )
}

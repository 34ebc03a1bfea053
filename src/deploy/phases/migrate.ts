import type { Deployment } from '../deployment.ts'
import { inRelease } from './prepare.ts'

/** Runs the migration once, on the primary host, before anything of the new release runs. It is never taken back. */
export async function migrate(deployment: Deployment): Promise<void> {
  const { migrate: line } = deployment.stage
  const primary = deployment.hosts.find((host) => host.primary)
  if (line !== null && primary !== undefined)
    await deployment.run(primary, inRelease(deployment, primary, line))
}

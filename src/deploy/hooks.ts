import type { Hook, HookName } from './deploy-config.ts'
import type { Deployment } from './deployment.ts'
import { inRelease } from './phases/prepare.ts'

/** Runs what the stage wants at a moment, one after the other. A function runs here, a command in the release on every host. */
export async function runHooks(deployment: Deployment, moment: HookName): Promise<void> {
  for (const hook of deployment.stage.hooks[moment] ?? []) await runHook(deployment, hook)
}

async function runHook(deployment: Deployment, hook: Hook): Promise<void> {
  const { stage, release, hosts, params } = deployment
  if (typeof hook !== 'function') {
    await deployment.onHosts((host) => deployment.run(host, inRelease(deployment, host, hook)))
    return
  }
  await hook({ stage: stage.name, release, revision: params.revision, hosts: hosts.map(({ name }) => name) })
}

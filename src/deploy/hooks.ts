import type { Hook, HookContext, HookName } from './deploy-config.ts'
import type { Deployment } from './deployment.ts'
import { inRelease } from './phases/prepare.ts'

const MS_PER_S = 1_000

/** Runs what the stage wants at a moment, one after the other. A function runs here, a command in the release on every host. */
export async function runHooks(
  deployment: Deployment,
  moment: HookName,
  reason: string | null = null,
): Promise<void> {
  for (const hook of deployment.stage.hooks[moment] ?? []) await runHook(deployment, hook, reason)
}

async function runHook(deployment: Deployment, hook: Hook, reason: string | null): Promise<void> {
  if (typeof hook !== 'function') {
    await deployment.onHosts((host) => deployment.run(host, inRelease(deployment, host, hook)))
    return
  }
  await hook(contextOf(deployment, reason))
}

function contextOf({ runtime, stage, hosts, phase, params }: Deployment, reason: string | null): HookContext {
  const { kind, release, revision, by, startedAt } = params
  return {
    ...{ kind, stage: stage.name, release, revision, by, phase, reason },
    hosts: hosts.map(({ name }) => name),
    seconds: Math.round((runtime.clock.now() - startedAt) / MS_PER_S),
  }
}

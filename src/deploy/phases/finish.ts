import type { Script } from '../../remote/script.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { forgetInstances } from '../on-host/instances.ts'
import { appendAudit, appendRevision, forgetDeploy } from '../on-host/notes.ts'
import { listReleases, releaseFacts, removeReleases, writeManifest } from '../on-host/releases.ts'
import { Reply } from '../on-host/reply.ts'
import { releasesToRemove } from '../release.ts'
import { revisionLogLine } from '../revision-log.ts'
import { servicesOn } from '../services/service.ts'
import type { Stage } from '../stage.ts'

/** Writes down what became of the release, and removes what is not needed any more. */
export async function finish(deployment: Deployment): Promise<void> {
  await deployment.onHosts((host) => finishOn(deployment, host))
}

async function finishOn(deployment: Deployment, host: DeployHost): Promise<void> {
  const { stage } = deployment
  const { layout } = stage
  const { stdout } = await deployment.runInOrder(host, 'note the end', [
    ...marks(deployment, host),
    appendRevision(layout, revisionLine(deployment)),
    appendAudit(layout, deployment.auditEntry('done')),
    forgetDeploy(layout),
    ...forgotten(stage, host),
    listReleases(layout.root),
  ])
  const old = releasesToRemove(releaseFacts(new Reply(stdout)), stage.keep)
  if (old.length > 0) await deployment.run(host, removeReleases(layout.root, old))
}

/** A deployed release is good; the one that was rolled back from is bad, so that nobody returns to it by accident. */
function marks(deployment: Deployment, host: DeployHost): Script[] {
  const { root } = deployment.stage.layout
  if (deployment.params.kind === 'deploy')
    return [writeManifest(root, deployment.release, deployment.manifest('good'))]
  const { current, releases } = deployment.before(host)
  const left = releases.find(({ name }) => name === current.release)
  return left === undefined || left.name === deployment.release
    ? []
    : [writeManifest(root, left.name, deployment.manifest('bad', left.revision ?? ''))]
}

function revisionLine({ params, release, stage }: Deployment): string {
  const { kind, by, revision } = params
  if (kind === 'rollback') return revisionLogLine({ kind, release, by })
  const branch =
    'git' in stage.source ? stage.source.branch : 'upload' in stage.source ? 'upload' : 'artifact'
  return revisionLogLine({ kind, branch, revision, release, by })
}

/** An instance has one link for all services: it goes when none of them needs it. */
function forgotten(stage: Stage, host: DeployHost): Script[] {
  const workers = servicesOn(stage, host).filter((service) => service.type === 'worker')
  return (['system', 'user'] as const).flatMap((manager) => {
    const templates = workers.filter((worker) => worker.manager === manager).map((worker) => worker.template)
    return templates.length === 0 ? [] : [forgetInstances(stage.layout, manager, templates)]
  })
}

import { withoutValues } from '../../remote/errors.ts'
import type { Script } from '../../remote/script.ts'
import type { CodeSource } from '../code-source.ts'
import type { CommandLine } from '../deploy-config.ts'
import { DeployError } from '../deploy-error.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { bringsCapstan, linkShared, makeFolders, writeEnvironment } from '../on-host/prepare.ts'
import { writeManifest } from '../on-host/releases.ts'
import { servicesOn } from '../services/service.ts'

/** Makes the release in its place, marked as incomplete, and builds it. Its host has nothing to lose until then. */
export async function prepare(deployment: Deployment, source: CodeSource): Promise<void> {
  await deployment.onHosts((host) => makeRelease(deployment, host, source))
  await deployment.onHosts((host) => requireCapstan(deployment, host))
}

async function makeRelease(deployment: Deployment, host: DeployHost, source: CodeSource): Promise<void> {
  const { stage, release } = deployment
  const { layout } = stage
  await deployment.runInOrder(host, 'make the folders', [
    makeFolders(layout, stage.linkedDirs, stage.linkedFiles),
    writeManifest(layout.root, release, deployment.manifest('incomplete')),
  ])
  deployment.undo.add(`${host.name}: note that ${release} failed`, () =>
    deployment.run(host, writeManifest(layout.root, release, deployment.manifest('bad'))),
  )
  await source.place(deployment, host)
  await deployment.runInOrder(host, 'link what is shared', [
    linkShared(layout, release, [...stage.linkedDirs, ...stage.linkedFiles]),
    writeEnvironment(deployment.directory, stage.environment),
  ])
  for (const line of stage.build) {
    await deployment.run(host, inRelease(deployment, host, line), {
      onLine: (printed) =>
        deployment.params.events.line(host.name, withoutValues(printed, stage.environment)),
    })
  }
}

/** Without it the workers could not start; their logs would say so in the words of Node. */
async function requireCapstan(deployment: Deployment, host: DeployHost): Promise<void> {
  if (!servicesOn(deployment.stage, host).some(({ type }) => type === 'worker')) return
  const { exitCode } = await deployment.run(host, bringsCapstan(deployment.directory), { accept: [0, 1] })
  if (exitCode === 0) return
  throw new DeployError(
    'deploy.no_capstan',
    "the release brings no capstan: add build: ['npm ci'], or use an artifact with node_modules",
  )
}

/**
 * A command of the project, in the release, with the stage's environment and the Node of the services first on its
 * PATH: a shell without a login may not know it.
 */
export function inRelease(deployment: Deployment, host: DeployHost, line: CommandLine): Script {
  const argv = typeof line === 'string' ? ['sh', '-c', line] : line
  return {
    name: typeof line === 'string' ? line : line.join(' '),
    body: IN_RELEASE,
    args: [deployment.nodeDirectory(host), deployment.directory, ...argv],
    env: deployment.stage.environment,
  }
}

const IN_RELEASE = 'if [ -n "$1" ]; then PATH=$1:$PATH; export PATH; fi; cd -- "$2"; shift 2; exec "$@"'

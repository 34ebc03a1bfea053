import { basename } from 'node:path'
import type { Script } from '../../remote/script.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { publish as moveCurrent, unpublish } from '../on-host/publish.ts'
import { Reply } from '../on-host/reply.ts'

/** Moves `current` on every host. Taken back, it points where it pointed. */
export async function publish(deployment: Deployment): Promise<void> {
  await deployment.onHosts((host) => publishOn(deployment, host))
}

async function publishOn(deployment: Deployment, host: DeployHost): Promise<void> {
  const { stage, release, nonce } = deployment
  const before = deployment.before(host).current.release
  deployment.undo.add(`${host.name}: move current back`, () =>
    deployment.run(host, currentBack(deployment, host)),
  )
  const { stdout } = await deployment.run(host, moveCurrent(stage.deployTo, release, nonce))
  const previous = new Reply(stdout).one('previous')
  if (previous !== undefined && basename(previous) !== before)
    deployment.say(host, `current was moved to ${previous} by somebody else in the meantime`)
}

/** Makes `current` what it was before the deployment; as often as one likes. */
export function currentBack(deployment: Deployment, host: DeployHost): Script {
  const { stage, nonce } = deployment
  const before = deployment.before(host).current.release
  return before === undefined
    ? unpublish(stage.deployTo)
    : moveCurrent(stage.deployTo, before, `${nonce}.back`)
}

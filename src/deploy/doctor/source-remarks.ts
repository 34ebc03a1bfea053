import { gitRevision } from '../code-source.ts'
import { DeployError } from '../deploy-error.ts'
import type { DeployHost } from '../deployment.ts'
import type { Stage } from '../stage.ts'
import { error, type Remark } from './host-finding.ts'

/** Whether a deploy would find its code in the repository, of which it asks the primary host. */
export async function sourceRemarks({ source }: Stage, host: DeployHost): Promise<Remark[]> {
  if (!('git' in source) || !host.primary) return []
  try {
    await gitRevision(source, host)
    return []
  } catch (thrown) {
    if (!(thrown instanceof DeployError)) throw thrown
    return [error(thrown.message)]
  }
}

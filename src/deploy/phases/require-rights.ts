import { inOrder } from '../../remote/script.ts'
import type { DeployHost } from '../deployment.ts'
import { onEach } from '../fleet.ts'
import { mayRun, refused } from '../on-host/may-run.ts'
import { hostFacts, probeHost } from '../on-host/probe-host.ts'
import { Reply } from '../on-host/reply.ts'
import { commandOf, type Right } from '../services/service.ts'
import type { Stage } from '../stage.ts'
import { refuse } from './preflight.ts'
import { missingRight, type Problem } from './preflight-problems.ts'

/**
 * Asks sudo on every host about the commands that are going to be run there.
 * @throws DeployError `deploy.preflight` with the lines that sudoers lacks, on all hosts
 */
export async function requireRights(
  stage: Stage,
  hosts: readonly DeployHost[],
  rightsOn: (host: DeployHost) => readonly Right[],
): Promise<void> {
  const problems = await onEach(hosts, (host) => missingOn(stage, host, rightsOn(host)))
  refuse([...problems.values()].flat())
}

async function missingOn(stage: Stage, host: DeployHost, wanted: readonly Right[]): Promise<Problem[]> {
  const rights = wanted.filter(({ manager }) => manager === 'system')
  const questions = rights.map((right, position) => mayRun(commandOf(right), position))
  const { stdout } = await host.shell.run(inOrder('ask sudo', [probeHost(stage.deployTo, []), ...questions]))
  const reply = new Reply(stdout)
  const { user } = hostFacts(reply)
  return refused(reply)
    .flatMap((position) => rights.slice(position, position + 1))
    .map((right) => missingRight(stage.name, user, right))
    .map(([what, fix]) => ({ host: host.name, what, fix }))
}

import type { Clock } from '../../kernel/clock.ts'
import { inOrder } from '../../remote/script.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import { DeployError } from '../deploy-error.ts'
import type { DeployHost } from '../deployment.ts'
import { onEach } from '../fleet.ts'
import { type FoundNode, findNode, foundNodes } from '../on-host/find-node.ts'
import { mayRun, refused } from '../on-host/may-run.ts'
import { type HostFacts, hostFacts, probeHost } from '../on-host/probe-host.ts'
import { listReleases, releaseFacts } from '../on-host/releases.ts'
import { Reply } from '../on-host/reply.ts'
import type { ReleaseFacts } from '../release.ts'
import { rightsOf, servicesOn } from '../services/service.ts'
import { showUnits, type UnitState, unitStates } from '../services/unit-state.ts'
import type { Stage } from '../stage.ts'
import { problemsOf } from './preflight-problems.ts'

/** All that is known of a host before anything is done. */
export interface Preflight extends HostFacts {
  readonly releases: readonly ReleaseFacts[]
  readonly nodes: readonly FoundNode[]
  /** Of the units that exist apart from releases: fixed units, and the files of templates. */
  readonly units: readonly UnitState[]
  /** Commands that sudo would not run without a password, as argv without `sudo -n`. */
  readonly refused: readonly (readonly string[])[]
  /** How far its clock is from ours, in milliseconds; positive when it is ahead. */
  readonly skewMs: number
}

/** Reads everything that a deploy depends on, in one question a host. Changes nothing. */
export async function readHosts(
  clock: Clock,
  stage: Stage,
  hosts: readonly DeployHost[],
): Promise<Map<string, Preflight>> {
  return onEach(hosts, (host) => readHost(clock, stage, host))
}

async function readHost(clock: Clock, stage: Stage, host: DeployHost): Promise<Preflight> {
  const rights = servicesOn(stage, host)
    .flatMap((service) => rightsOf(service))
    .filter(({ manager }) => manager === 'system')
    .map(({ verb, unit, manager }) => systemctl(verb, unit, manager).slice(2))
  const asked = clock.now()
  const questions = [
    probeHost(stage.deployTo, stage.linkedFiles),
    listReleases(stage.deployTo),
    findNode(stage.node.startsWith('/') ? stage.node : ''),
    ...rights.map(mayRun),
    ...servicesOn(stage, host).map((service) => showUnits(service.manager, [service.unitFile])),
  ]
  const { stdout } = await host.shell.run(inOrder('look at the host', questions))
  const reply = new Reply(stdout)
  const facts = hostFacts(reply)
  return {
    ...facts,
    releases: releaseFacts(reply),
    nodes: foundNodes(reply),
    units: unitStates(stdout),
    refused: refused(reply).flatMap((position) => rights.slice(position, position + 1)),
    // The host's seconds are whole: half a second is the middle of what it may have meant.
    skewMs: facts.clock * 1000 + 500 - (asked + clock.now()) / 2,
  }
}

/** @throws DeployError `deploy.closed` with the words of whoever closed the stage by hand */
export function requireOpen(facts: ReadonlyMap<string, Preflight>): void {
  const closed = [...facts].flatMap(([host, { closed: note }]) => (note === null ? [] : `${host}: ${note}`))
  if (closed.length > 0)
    throw new DeployError(
      'deploy.closed',
      `the stage is closed (capstan unlock opens it):\n${closed.join('\n')}`,
    )
}

/**
 * Names everything that would stop the deploy, on all hosts, at once.
 * @throws DeployError `deploy.preflight`
 */
export function requireReady(
  stage: Stage,
  hosts: readonly DeployHost[],
  facts: ReadonlyMap<string, Preflight>,
): void {
  const problems = hosts.flatMap((host) => {
    const known = facts.get(host.name)
    return known === undefined ? [] : problemsOf(stage, host, known)
  })
  if (problems.length === 0) return
  const lines = problems.map(({ host, what, fix }) => `${host}: ${what}\n  ${fix}`)
  throw new DeployError('deploy.preflight', `not ready, nothing was changed:\n${lines.join('\n')}`)
}

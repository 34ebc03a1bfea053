import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { inOrder, type Script } from '../../remote/script.ts'
import { DeployError } from '../deploy-error.ts'
import type { DeployHost } from '../deployment.ts'
import { onEach } from '../fleet.ts'
import { findNode, foundNodes } from '../on-host/find-node.ts'
import { mayRun, refused } from '../on-host/may-run.ts'
import { closedText } from '../on-host/notes.ts'
import { hostFacts, probeHost } from '../on-host/probe-host.ts'
import { listReleases, releaseFacts } from '../on-host/releases.ts'
import { Reply } from '../on-host/reply.ts'
import { commandOf, type Right, rightsOf, servicesOn } from '../services/service.ts'
import { showUnits, unitStates } from '../services/unit-state.ts'
import type { Stage, StageHost } from '../stage.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import { type Problem, problemsOf } from './preflight-problems.ts'

/** Reads everything that a deploy depends on, in one question a host. Changes nothing. */
export async function readHosts(
  clock: Clock,
  stage: Stage,
  hosts: readonly DeployHost[],
): Promise<Map<string, PreflightFacts>> {
  return onEach(hosts, (host) => readHost(clock, stage, host))
}

async function readHost(clock: Clock, stage: Stage, host: DeployHost): Promise<PreflightFacts> {
  const asked = clock.now()
  const { stdout } = await host.shell.run(inOrder('look at the host', preflightQuestions(stage, host)))
  return preflightFrom(stage, host, { stdout, at: (asked + clock.now()) / 2 })
}

/** What is asked of a host; more questions may follow in the same answer. */
export function preflightQuestions(stage: Stage, host: StageHost): Script[] {
  return [
    probeHost(stage.deployTo, stage.linkedFiles),
    listReleases(stage.deployTo),
    findNode(stage.node.startsWith('/') ? stage.node : ''),
    ...rightsAsRoot(stage, host).map((right, position) => mayRun(commandOf(right), position)),
    ...servicesOn(stage, host).map((service) => showUnits(service.manager, [service.unitFile])),
  ]
}

/** @param at our time in the middle between question and answer */
export function preflightFrom(
  stage: Stage,
  host: StageHost,
  { stdout, at }: { readonly stdout: string; readonly at: number },
): PreflightFacts {
  const reply = new Reply(stdout)
  const facts = hostFacts(reply)
  const rights = rightsAsRoot(stage, host)
  return {
    ...facts,
    releases: releaseFacts(reply),
    nodes: foundNodes(reply),
    units: unitStates(stdout),
    refused: refused(reply).flatMap((position) => rights.slice(position, position + 1)),
    // Of whole seconds, half a second is the middle of what the host may have meant.
    skewMs: Math.round(facts.clock * 1000 + (Number.isInteger(facts.clock) ? 500 : 0) - at),
  }
}

function rightsAsRoot(stage: Stage, host: StageHost): Right[] {
  return servicesOn(stage, host)
    .flatMap((service) => rightsOf(service))
    .filter(({ manager }) => manager === 'system')
}

/** @throws DeployError `deploy.closed` with the words of whoever closed the stage by hand */
export function requireOpen(facts: ReadonlyMap<string, PreflightFacts>): void {
  const closed = [...facts].flatMap(([host, { closed: note }]) =>
    note === null ? [] : `${host}: ${closedText(note)}`,
  )
  if (closed.length > 0)
    throw new DeployError(
      'deploy.closed',
      `the stage is closed (capstan unlock opens it):\n${closed.join('\n')}`,
    )
}

/**
 * Names everything that would stop the deploy, on all hosts, at once.
 * @param findCode asked only where a host is not ready, so that its error stands among the others; null for a rollback
 * @throws DeployError `deploy.preflight`
 */
export async function requireReady(
  stage: Stage,
  { hosts, facts }: Examined,
  findCode: (() => Promise<unknown>) | null,
): Promise<void> {
  const problems = hosts.flatMap((host) => {
    const known = facts.get(host.name)
    return known === undefined ? [] : problemsOf(stage, host, known)
  })
  if (problems.length === 0) return
  const lacking = await findCode?.().then(() => null, messageOf)
  refuse(problems, lacking ? [lacking] : [])
}

interface Examined {
  readonly hosts: readonly DeployHost[]
  readonly facts: ReadonlyMap<string, PreflightFacts>
}

/** @throws DeployError `deploy.preflight` when there are any */
export function refuse(problems: readonly Problem[], others: readonly string[] = []): void {
  if (problems.length === 0) return
  const lines = [...problems.map(({ host, what, fix }) => `${host}: ${what}\n  ${fix}`), ...others]
  throw new DeployError('deploy.preflight', `not ready, nothing was changed:\n${lines.join('\n')}`)
}

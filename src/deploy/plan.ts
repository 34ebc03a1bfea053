import type { Runtime } from '../kernel/runtime.ts'
import { codeSource } from './code-source.ts'
import type { DeployParams } from './deploy.ts'
import type { PhaseName } from './deploy-config.ts'
import type { DeployHost } from './deployment.ts'
import { onEach } from './fleet.ts'
import { readHosts, requireOpen, requireReady } from './phases/preflight.ts'
import type { PreflightFacts } from './phases/preflight-facts.ts'
import { type ReleaseFacts, releasesToRemove, rollbackGoal } from './release.ts'
import { newReleaseName } from './release-name.ts'
import { overlapping, type Service, servicesOn, type WorkerService } from './services/service.ts'
import { showInstances, unitStates } from './services/unit-state.ts'
import type { Stage } from './stage.ts'
import { StageShells } from './stage-shells.ts'

/** What a deploy or a rollback would do on one host, in words, phase by phase. */
export interface HostPlan {
  readonly host: string
  readonly steps: ReadonlyArray<{ readonly phase: PhaseName; readonly what: string }>
}

export interface Plan {
  readonly stage: string
  readonly release: string
  /** Of the code, as it was found just now. */
  readonly revision: string
  readonly hosts: readonly HostPlan[]
}

/**
 * Says what a deploy would do, after the same look at the hosts, in the same order. Changes nothing, takes no lock.
 * @throws DeployError, FleetError as the deploy would before it begins
 */
export async function planDeploy(
  { clock }: Runtime,
  { stage, transportTo, local, scratch, signal, events }: DeployParams,
): Promise<Plan> {
  events.phase('preflight')
  await using shells = await StageShells.open(stage, transportTo, signal)
  const before = await readHosts(clock, stage, shells.hosts)
  requireOpen(before)
  const { hosts } = shells
  const findCode = () => codeSource(stage, { hosts, local, scratch })
  await requireReady(stage, { hosts, facts: before }, findCode)
  const { revision } = await findCode()
  const releases = [...before.values()].flatMap((facts) => facts.releases)
  const release = newReleaseName(
    clock.now(),
    releases.map(({ name }) => name),
  )
  const plans = await onEach(hosts, async (host) => {
    const facts = before.get(host.name)
    const steps = [
      ...prepareSteps(stage, release, revision),
      ...(stage.migrate !== null && host.primary ? [step('migrate', `run ${words(stage.migrate)}`)] : []),
      ...(await takeoverSteps(stage, host, { release, facts })),
      step('finish', `remove ${removed(stage, release, facts?.releases ?? []).join(', ') || 'no release'}`),
    ]
    return { host: host.name, steps }
  })
  return { stage: stage.name, release, revision, hosts: [...plans.values()] }
}

/**
 * The same for a rollback, which makes no release and removes none.
 * @throws UsageError, DeployError, FleetError as the rollback would before it begins
 */
export async function planRollback(
  { clock }: Runtime,
  { stage, transportTo, signal, events, to }: DeployParams & { readonly to?: string },
): Promise<Plan> {
  events.phase('preflight')
  await using shells = await StageShells.open(stage, transportTo, signal)
  const { hosts } = shells
  const before = await readHosts(clock, stage, hosts)
  requireOpen(before)
  await requireReady(stage, { hosts, facts: before }, null)
  const { release, revision } = rollbackGoal(before, to)
  const plans = await onEach(hosts, async (host) => {
    const steps = await takeoverSteps(stage, host, { release, facts: before.get(host.name) })
    return { host: host.name, steps }
  })
  return { stage: stage.name, release, revision, hosts: [...plans.values()] }
}

interface Known {
  readonly release: string
  readonly facts: PreflightFacts | undefined
}

/** How a release that is there becomes the live one. */
async function takeoverSteps(stage: Stage, host: DeployHost, { release, facts }: Known) {
  const instances = new Map<string, string[]>()
  for (const service of servicesOn(stage, host))
    if (service.type === 'worker') instances.set(service.name, await running(host, service))
  return [
    ...overlapping(stage, host).map(({ name, template, processes }) =>
      step(
        'start',
        `${name}: start ${processes} × ${template}@${release}-…, believe them after ${stage.soakMs / 1000} s`,
      ),
    ),
    step('publish', `current: ${facts?.current.release ?? 'none'} → ${release}`),
    ...servicesOn(stage, host).map((service) => cutoverStep(service, instances.get(service.name) ?? [])),
  ]
}

function step(phase: PhaseName, what: string) {
  return { phase, what }
}

function prepareSteps(stage: Stage, release: string, revision: string) {
  const { source } = stage
  const from =
    'git' in source
      ? `${source.git} (${source.branch})`
      : 'upload' in source
        ? source.upload
        : source.artifact
  const linked = [...stage.linkedDirs, ...stage.linkedFiles]
  return [
    step('prepare', `make releases/${release} from ${from}: ${revision.slice(0, 12)}`),
    ...(linked.length === 0 ? [] : [step('prepare', `link ${linked.join(', ')}`)]),
    ...stage.build.map((line) => step('prepare', `run ${words(line)}`)),
  ]
}

function cutoverStep(service: Service, instances: readonly string[]) {
  const { name } = service
  if (service.type === 'worker' && service.cutover === 'overlap')
    return step('cutover', `${name}: tell ${instances.join(', ') || 'no old instance'} to end; they drain on`)
  const units = service.type === 'worker' ? instances.join(', ') : service.unitFile
  const quiet = service.type === 'unit' ? '' : `quiet, drain up to ${service.drainMs / 1000} s, `
  return step('cutover', `${name}: ${quiet}restart ${units || 'nothing: no instance runs'}`)
}

async function running(host: DeployHost, { manager, template }: WorkerService): Promise<string[]> {
  const { stdout } = await host.shell.run(showInstances(manager, template))
  return unitStates(stdout).map(({ unit, status }) => (status === '' ? unit : `${unit} (${status})`))
}

/** As they will be when the new release is the current one. */
function removed(stage: Stage, release: string, before: readonly ReleaseFacts[]): string[] {
  const after = before.map((each) => ({ ...each, isCurrent: false }))
  const fresh: ReleaseFacts = {
    ...{ name: release, isCurrent: true, isInUse: true, isLogged: true, manifest: null, revision: null },
  }
  return releasesToRemove([...after, fresh], stage.keep)
}

function words(line: string | readonly string[]): string {
  return typeof line === 'string' ? line : line.join(' ')
}

import type { Runtime } from '../kernel/runtime.ts'
import type { RemoteShell, Transport } from '../remote/transport.ts'
import { type CodeSource, codeSource } from './code-source.ts'
import type { ChangingPhase } from './deploy-config.ts'
import type { DeployEvents } from './deploy-events.ts'
import { Deployment } from './deployment.ts'
import { onEach } from './fleet.ts'
import { runHooks } from './hooks.ts'
import { countJobs } from './ledger/count-jobs.ts'
import { closeLedger } from './ledger/keep-ledger.ts'
import { unfinishedText } from './on-host/notes.ts'
import { makeState } from './on-host/prepare.ts'
import { type DeployReport, fail, reportOf } from './outcome.ts'
import { cutover } from './phases/cutover.ts'
import { finish } from './phases/finish.ts'
import { migrate } from './phases/migrate.ts'
import { readHosts, requireOpen, requireReady } from './phases/preflight.ts'
import type { PreflightFacts } from './phases/preflight-facts.ts'
import { prepare } from './phases/prepare.ts'
import { publish } from './phases/publish.ts'
import { start } from './phases/start.ts'
import { verify } from './phases/verify.ts'
import { rollbackGoal } from './release.ts'
import { newReleaseName } from './release-name.ts'
import type { Stage, StageHost } from './stage.ts'
import { StageShells } from './stage-shells.ts'

export interface DeployParams {
  readonly stage: Stage
  readonly transportTo: (host: StageHost) => Transport
  /** A shell on this machine, for packing the code. */
  readonly local: RemoteShell
  /** A folder on this machine for an archive; the caller removes it. */
  readonly scratch: string
  readonly by: string
  readonly events: DeployEvents
  readonly signal: AbortSignal
}

/**
 * Deploys: the phases in turn, each for all hosts before the next begins. What fails is taken back, the last change first.
 *
 * @throws DeployFailure which says what the hosts are left with; FleetError or DeployError when nothing was begun
 */
export async function deploy(runtime: Runtime, params: DeployParams): Promise<DeployReport> {
  return withHosts(runtime, { ...params, what: 'deploy' }, async (shells, before, startedAt) => {
    const { stage } = params
    const source = await codeSource(stage, { ...params, hosts: shells.hosts })
    const names = [...before.values()].flatMap(({ releases }) => releases.map(({ name }) => name))
    const release = newReleaseName(runtime.clock.now(), names)
    const deployment = new Deployment(runtime, {
      ...{ kind: 'deploy', stage, hosts: shells.hosts, before, release, revision: source.revision },
      ...{ by: params.by, startedAt, events: params.events, signal: params.signal },
    })
    return through(deployment, phasesOfDeploy(stage, source), shells)
  })
}

/** Returns to a release that is there: the same phases without making one. @param to its name; without it the newest good one before the current */
export async function rollback(
  runtime: Runtime,
  params: DeployParams & { readonly to?: string },
): Promise<DeployReport> {
  return withHosts(runtime, { ...params, what: 'rollback' }, async (shells, before, startedAt) => {
    const deployment = new Deployment(runtime, {
      ...{ kind: 'rollback', stage: params.stage, hosts: shells.hosts, before },
      ...{ ...rollbackGoal(before, params.to), by: params.by, startedAt },
      ...{ events: params.events, signal: params.signal },
    })
    return through(deployment, PHASES_OF_ROLLBACK, shells)
  })
}

type Phase = readonly [ChangingPhase, (deployment: Deployment) => Promise<void>]

const PHASES_OF_ROLLBACK: readonly Phase[] = [
  ['start', start],
  ['publish', publish],
  ['cutover', cutover],
  ['verify', verify],
  ['finish', finish],
]

function phasesOfDeploy({ migrate: line, hooks }: Stage, source: CodeSource): readonly Phase[] {
  const migrates = line !== null || 'before:migrate' in hooks || 'after:migrate' in hooks
  return [
    ['prepare', (deployment) => prepare(deployment, source)],
    ...(migrates ? [['migrate', migrate] as const] : []),
    ...PHASES_OF_ROLLBACK,
  ]
}

type Work = (
  shells: StageShells,
  before: ReadonlyMap<string, PreflightFacts>,
  startedAt: number,
) => Promise<DeployReport>

/** Reaches, locks and looks at the hosts, and lets go of them whatever happens. */
async function withHosts(runtime: Runtime, params: DeployParams & { readonly what: string }, work: Work) {
  const { stage, transportTo, by, what, events, signal } = params
  const startedAt = runtime.clock.now()
  events.phase('preflight')
  await using shells = await StageShells.open(stage, transportTo, signal)
  const note = { by, what, since: new Date(startedAt).toISOString() }
  const findCode = what === 'deploy' ? () => codeSource(stage, { ...params, hosts: shells.hosts }) : null
  const before = await lockedAndReady(runtime, { stage, shells, note, findCode })
  for (const [host, { unfinished }] of before)
    if (unfinished !== null) {
      const earlier = `an earlier run did not end: ${unfinishedText(unfinished)}`
      events.note(host, `${earlier}; this one takes its place, and ends what it has started`)
    }
  return await work(shells, before, startedAt)
}

interface Wanted {
  readonly stage: Stage
  readonly shells: StageShells
  readonly note: object
  readonly findCode: (() => Promise<unknown>) | null
}

/** A bare host has no place for a lock yet, and gets one only when all is ready: what is not ready changes nothing. */
async function lockedAndReady(
  { clock }: Runtime,
  { stage, shells, note, findCode }: Wanted,
): Promise<Map<string, PreflightFacts>> {
  const isLocked = await shells.lock(stage.layout, note)
  const before = await readHosts(clock, stage, shells.hosts)
  requireOpen(before)
  await requireReady(stage, { hosts: shells.hosts, facts: before }, findCode)
  if (isLocked) return before
  await onEach(shells.hosts, ({ shell }) => shell.run(makeState(stage.layout)))
  await shells.lock(stage.layout, note)
  return readHosts(clock, stage, shells.hosts)
}

async function through(
  deployment: Deployment,
  phases: readonly Phase[],
  shells: StageShells,
): Promise<DeployReport> {
  const before = await countJobs(deployment)
  try {
    for (const [name, run] of phases) {
      deployment.enter(name)
      await runHooks(deployment, `before:${name}`)
      await run(deployment)
      await runHooks(deployment, `after:${name}`)
    }
  } catch (error) {
    throw await fail(deployment, error, before)
  }
  const ledger = await closeLedger(deployment, { before, isTakenBack: false })
  return reportOf(deployment, { roundTrips: shells.roundTrips, ledger })
}

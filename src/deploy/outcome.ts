import { CapstanError, messageOf } from '../kernel/errors.ts'
import type { PhaseName } from './deploy-config.ts'
import type { Deployment } from './deployment.ts'
import { runHooks } from './hooks.ts'
import type { JobCounts, Unknown } from './ledger/count-jobs.ts'
import { closeLedger } from './ledger/keep-ledger.ts'
import type { Ledger } from './ledger/ledger.ts'
import { appendAudit, forgetDeploy } from './on-host/notes.ts'

/** What a deploy or a rollback that went through tells. */
export interface DeployReport {
  readonly kind: 'deploy' | 'rollback'
  readonly stage: string
  readonly release: string
  readonly revision: string
  readonly hosts: readonly string[]
  readonly durationMs: number
  readonly roundTrips: number
  readonly ledger: Ledger
}

/** What the hosts are left with. */
export type Aftermath =
  /** Nothing that existed before was changed. */
  | 'unchanged'
  /** What was changed was taken back. */
  | 'reverted'
  /** Something could not be taken back, or was not meant to be: hosts may differ. */
  | 'inconsistent'

/** A deploy that failed after it had begun. */
export class DeployFailure extends CapstanError {
  readonly phase: PhaseName
  readonly aftermath: Aftermath
  /** What could not be taken back, a line each. */
  readonly leftovers: readonly string[]
  /** No release was live before, on any host. */
  readonly isFirst: boolean
  readonly ledger: Ledger

  constructor(
    cause: unknown,
    {
      phase,
      aftermath,
      leftovers,
      isFirst,
      ledger,
    }: Pick<DeployFailure, 'phase' | 'aftermath' | 'leftovers' | 'isFirst' | 'ledger'>,
  ) {
    const code = cause instanceof CapstanError ? cause.code : 'deploy.failed'
    super(code, `${phase} failed: ${messageOf(cause)}`, { cause })
    this.phase = phase
    this.aftermath = aftermath
    this.leftovers = leftovers
    this.isFirst = isFirst
    this.ledger = ledger
  }
}

export function reportOf(
  { params, stage, runtime }: Deployment,
  { roundTrips, ledger }: Pick<DeployReport, 'roundTrips' | 'ledger'>,
): DeployReport {
  return {
    kind: params.kind,
    stage: stage.name,
    release: params.release,
    revision: params.revision,
    hosts: params.hosts.map(({ name }) => name),
    durationMs: runtime.clock.now() - params.startedAt,
    roundTrips,
    ledger,
  }
}

/** The phases from which on something that existed is different. */
const CHANGING: ReadonlySet<PhaseName> = new Set(['publish', 'cutover', 'verify', 'finish'])

/**
 * Takes a deploy back, writes down that it failed, and makes the error that says what is left.
 * @param before what was counted when it began
 */
export async function fail(
  deployment: Deployment,
  error: unknown,
  before: JobCounts | Unknown,
): Promise<DeployFailure> {
  const { phase, stage, params } = deployment
  // What was cut short by the operator failed for no reason of its own.
  const cause =
    error instanceof CapstanError && error.code === 'remote.cancelled' ? params.signal.reason : error
  const stops = stage.onFailure === 'stop' && CHANGING.has(phase)
  deployment.unwind()
  const leftovers = stops ? [] : await deployment.revert()
  for (const host of deployment.hosts) {
    try {
      await deployment.runInOrder(host, 'note the failure', [
        appendAudit(stage.layout, {
          ...deployment.auditEntry('failed'),
          phase,
          reason: messageOf(cause).slice(0, 500),
        }),
        forgetDeploy(stage.layout),
      ])
    } catch (error) {
      leftovers.push(`${host.name}: it could not be told that the deploy failed: ${messageOf(error)}`)
    }
  }
  // What it could not do, such as sending a message, is nothing that hosts are left with.
  await runHooks(deployment, 'failed', messageOf(cause)).catch((error) =>
    params.events.note('hook failed', messageOf(error)),
  )
  return new DeployFailure(cause, {
    phase,
    aftermath: aftermath(phase, stops || leftovers.length > 0),
    leftovers,
    isFirst: deployment.hosts.every((host) => deployment.before(host).current.release === undefined),
    ledger: await closeLedger(deployment, { before, isTakenBack: !stops }),
  })
}

/** Before `start` all that a deploy makes is a release that nothing works in. */
function aftermath(phase: PhaseName, isLeft: boolean): Aftermath {
  if (phase === 'prepare' || phase === 'migrate') return 'unchanged'
  if (isLeft) return 'inconsistent'
  return CHANGING.has(phase) ? 'reverted' : 'unchanged'
}

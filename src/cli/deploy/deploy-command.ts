import type { Command } from 'commander'
import { type DeployParams, deploy, rollback } from '../../deploy/deploy.ts'
import { FleetError } from '../../deploy/fleet.ts'
import { sshCommand } from '../../deploy/host-commands.ts'
import { DeployFailure, type DeployReport } from '../../deploy/outcome.ts'
import { type Plan, planDeploy, planRollback } from '../../deploy/plan.ts'
import type { Stage } from '../../deploy/stage.ts'
import { CapstanError, messageOf } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import { EXIT, type ExitCode, type Output, type Problem, printable, writeJson } from '../output.ts'
import { interruptible } from './interruptible.ts'
import { failedLedgerLines, ledgerLines } from './ledger-lines.ts'
import { showProgress } from './progress.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import { type StageFlags, stageSession } from './stage-session.ts'
import { requireLastingStore } from './stage-store.ts'

const CODES = `
Exit codes: 0 done · 2 wrong usage · 3 not ready, nothing was tried · 4 another deploy is at work, or the stage is closed
  5 failed, nothing that existed was changed · 6 failed and taken back · 7 failed, hosts may differ: what is left is listed
  130 interrupted and taken back`

export function deployCommand(context: DeployContext): Command {
  return stageCommand('deploy', 'put a new release on the hosts of a stage and let its services work with it')
    .option('--branch <name>', 'branch, tag or commit, in place of the configured one')
    .option('-n, --dry-run', 'look at the hosts, say what would be done, and change nothing')
    .addHelpText('after', `${CODES}\n\nExample: capstan deploy production --branch hotfix`)
    .action((stage: string, flags: StageFlags & { branch?: string; dryRun?: boolean }) => {
      const { branch, dryRun, ...rest } = flags
      const set = { ...flags.set, ...(branch === undefined ? {} : { 'source.branch': branch }) }
      const { out } = context
      const work: Work = async (runtime, params) =>
        dryRun ? tellPlan(out, await planDeploy(runtime, params)) : tell(out, await deploy(runtime, params))
      return run(context, { stage, flags: { ...rest, set }, work })
    })
}

export function rollbackCommand(context: DeployContext): Command {
  return stageCommand(
    'rollback',
    'return to the newest release before the current one that is good on every host',
  )
    .option('--to <release>', 'to this one')
    .option(
      '-n, --dry-run',
      'look at the hosts, say which release it would be and what would be done, and change nothing',
    )
    .addHelpText('after', `${CODES}\n\nExample: capstan rollback production --to 20261124103000`)
    .action((stage: string, flags: StageFlags & { to?: string; dryRun?: boolean }) => {
      const { to, dryRun, ...rest } = flags
      const { out } = context
      const work: Work = async (runtime, params) => {
        const wanted = { ...params, ...(to === undefined ? {} : { to }) }
        if (dryRun) tellPlan(out, await planRollback(runtime, wanted))
        else tell(out, await rollback(runtime, wanted))
      }
      return run(context, { stage, flags: rest, work })
    })
}

type Work = (runtime: Runtime, params: DeployParams) => Promise<void>

interface Wanted {
  readonly stage: string
  readonly flags: StageFlags
  readonly work: Work
}

async function run({ session, out }: DeployContext, { stage: name, flags, work }: Wanted): Promise<void> {
  const opened = session()
  const stages = await stageSession(opened, name, flags)
  const loaded = await opened.config()
  using interrupt = interruptible(out)
  try {
    requireLastingStore(loaded, stages.stage)
    await stages.withScratch((local, scratch) =>
      work(stages.runtime, {
        ...{ stage: stages.stage, transportTo: stages.transportTo, by: stages.by },
        ...{ local, scratch, events: showProgress(out), signal: interrupt.signal },
      } satisfies DeployParams),
    )
  } catch (error) {
    if (!(error instanceof CapstanError) && !interrupt.signal.aborted) throw error
    tellFailure(out, error, {
      ...problemOf(error, stages.stage),
      exitCode: exitCodeOf(error, interrupt.signal),
    })
  }
}

/** What went wrong and what to do stand last, below the ledger of a deploy that had begun. */
function tellFailure(out: Output, error: unknown, problem: Problem): void {
  if (error instanceof DeployFailure && !out.json)
    for (const line of failedLedgerLines(error.ledger)) out.note(printable(line))
  const ledger = error instanceof DeployFailure ? { ledger: error.ledger } : {}
  const code = error instanceof CapstanError ? { code: error.code } : {}
  // Behind the lines of a log or a rule the code would read as a part of them.
  out.fail(out.json ? { ...problem, ...code, ...ledger } : problem)
}

function tell(out: Output, report: DeployReport): void {
  const { kind, release, hosts, durationMs, roundTrips, revision } = report
  const what = kind === 'deploy' ? 'deployed' : 'rolled back to'
  const where = `on ${hosts.join(', ')} in ${(durationMs / 1000).toFixed(1)} s, ${roundTrips} round trips`
  const lines = [`${what} ${release} (${revision.slice(0, 12)}) ${where}`, ...ledgerLines(report.ledger)]
  if (out.json) writeJson(out, report)
  else for (const line of lines) out.write(printable(line))
}

function tellPlan(out: Output, plan: Plan): void {
  const lines = plan.hosts.flatMap(({ host, steps }) =>
    steps.map(({ phase, what }) => `${host}  ${phase.padEnd(8)} ${what}`),
  )
  if (out.json) writeJson(out, plan)
  else for (const line of [...lines, 'nothing was changed']) out.write(printable(line))
}

function problemOf(error: unknown, stage: Stage): { what: string; next?: string } {
  if (!(error instanceof DeployFailure)) return { what: messageOf(error), ...wayIn(error, stage) }
  const live = error.isFirst ? 'no release is live yet' : 'the old release is live'
  const neverStopped = error.isFirst ? '' : ' and its services were never stopped'
  const state = {
    unchanged: [`nothing that existed was changed; ${live}${neverStopped}`, ...error.leftovers].join(
      '\n    ',
    ),
    reverted: `what was changed was taken back; ${live}`,
    inconsistent:
      error.leftovers.length === 0
        ? 'hosts may differ: it stopped where it was, as onFailure says; capstan status shows them'
        : ['hosts may differ; what could not be taken back:', ...error.leftovers].join('\n    '),
  }[error.aftermath]
  return { what: error.message, next: state }
}

/** Hosts are reached before anything else is done. */
function wayIn(error: unknown, stage: Stage): { next?: string } {
  if (!(error instanceof FleetError) || error.code !== 'remote.unreachable') return {}
  const commands = stage.hosts
    .filter(({ name }) => error.failures.has(name))
    .map((host) => sshCommand(stage, host))
  return { next: `nothing was changed; try ${commands.join(', ')}, then capstan doctor ${stage.name}` }
}

function exitCodeOf(error: unknown, signal: AbortSignal): ExitCode {
  if (error instanceof DeployFailure) {
    if (error.aftermath === 'inconsistent') return EXIT.inconsistent
    if (signal.aborted) return EXIT.interrupted
    return error.aftermath === 'reverted' ? EXIT.reverted : EXIT.unchanged
  }
  if (signal.aborted) return EXIT.interrupted
  const code = error instanceof CapstanError ? error.code : ''
  if (code === 'deploy.locked' || code === 'deploy.closed') return EXIT.locked
  return code === 'rollback.unknown' ? EXIT.usage : EXIT.notReady
}

import { examineHost } from '../../deploy/doctor/examine-host.ts'
import type { HostFinding } from '../../deploy/doctor/host-finding.ts'
import { onEach } from '../../deploy/fleet.ts'
import { sshCommand } from '../../deploy/host-commands.ts'
import { servicesOn } from '../../deploy/services/service.ts'
import type { StageHost } from '../../deploy/stage.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Severity } from '../../systemd/finding.ts'
import { counted } from '../operator/words.ts'
import { type Colour, EXIT, type Output, paint, printable, writeJson } from '../output.ts'
import { interruptible } from './interruptible.ts'
import type { DeployContext } from './stage-command.ts'
import { type StageFlags, type StageSession, stageSession } from './stage-session.ts'
import { lostStore, stageStore } from './stage-store.ts'

/**
 * `capstan doctor STAGE`: what is on each host, what would stop a deploy or lose jobs, and what to run. A host that
 * cannot be reached is a finding among the others. Changes nothing.
 */
export async function doctorStage(
  { session, out }: DeployContext,
  name: string,
  flags: StageFlags,
): Promise<void> {
  const opened = session()
  const stages = await stageSession(opened, name, flags)
  const loaded = await opened.config()
  const store = stageStore(loaded, stages.stage)
  const lost = lostStore(loaded, stages.stage)
  const redis = store.kind === 'redis' ? store.address : null
  using interrupt = interruptible(out)
  const perHost = await onEach(stages.stage.hosts, (host) =>
    examine(stages, host, { redis, lost, signal: interrupt.signal }),
  )
  const findings = [...perHost.values()].flat()
  if (findings.some(({ severity }) => severity === 'error')) out.exitCode = EXIT.failure
  if (out.json) writeJson(out, { stage: name, findings })
  else for (const [host, its] of perHost) writeHost(out, host, its)
}

interface Examining {
  readonly lost: ReturnType<typeof lostStore>
  readonly redis: Parameters<typeof examineHost>[0]['redis']
  readonly signal: AbortSignal
}

async function examine(
  { runtime, stage, transportTo }: StageSession,
  host: StageHost,
  { redis, lost, signal }: Examining,
): Promise<HostFinding[]> {
  try {
    const shell = await transportTo(host).connect(host, { signal })
    try {
      const found = await examineHost({ clock: runtime.clock, stage, redis }, { ...host, shell })
      const runsWorkers = servicesOn(stage, host).some(({ type }) => type === 'worker')
      if (lost !== null && runsWorkers) found.push({ host: host.name, severity: 'error', ...lost })
      return found
    } finally {
      await shell.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    return [{ host: host.name, severity: 'error', what: messageOf(error), fix: sshCommand(stage, host) }]
  }
}

const COLOURS: Readonly<Record<Severity, Colour>> = { error: 'red', warning: 'yellow', note: 'dim' }
const ORDER: readonly Severity[] = ['note', 'warning', 'error']
const WIDEST = 'warning'.length

/** How things are first; what is worst stands last, where a terminal shows it. */
function writeHost(out: Output, host: string, findings: readonly HostFinding[]): void {
  out.write(paint(out, 'bold', printable(host)))
  for (const severity of ORDER)
    for (const finding of findings) if (finding.severity === severity) writeFinding(out, finding)
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  out.write(`  ${counted(count('error'), 'error')}, ${counted(count('warning'), 'warning')}`)
}

function writeFinding(out: Output, { severity, what, fix }: HostFinding): void {
  const [first = '', ...more] = what.split('\n')
  const indent = ' '.repeat(WIDEST + 4)
  out.write(`  ${paint(out, COLOURS[severity], severity.padEnd(WIDEST))}  ${printable(first)}`)
  for (const line of more) out.write(`${indent}  ${printable(line)}`)
  if (fix !== null)
    for (const line of fix.split('\n')) out.write(`${indent}${paint(out, 'bold', 'fix:')} ${printable(line)}`)
}

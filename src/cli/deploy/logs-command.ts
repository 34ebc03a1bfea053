import type { Command } from 'commander'
import type { DeployHost } from '../../deploy/deployment.ts'
import { onEach } from '../../deploy/fleet.ts'
import { followLogs } from '../../deploy/services/logs.ts'
import { servicesOn } from '../../deploy/services/service.ts'
import { lookAtServices, serviceUnits } from '../../deploy/services/service-units.ts'
import { UsageError } from '../../kernel/errors.ts'
import { inOrder } from '../../remote/script.ts'
import { EXIT, type Output, printable, writeJson } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { type OpenStage, onStage } from './on-stage.ts'
import { requireService } from './service-commands.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

interface LogFlags extends StageFlags {
  readonly lines: string
  readonly follow?: boolean
}

/** `capstan logs STAGE [SERVICE]`: the journal of its units, all hosts in one stream, each line with its host. */
export function logsCommand(context: DeployContext): Command {
  const { out } = context
  return stageCommand('logs', 'show what the services of a stage log')
    .argument('[service]', 'only this one')
    .option('-n, --lines <number>', 'the last so many of each host', '50')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .addHelpText('after', '\nExample: capstan logs production worker -f')
    .action(async (name: string, service: string | undefined, flags: LogFlags) => {
      const wanted = { service, lines: wholeNumber(flags.lines, '--lines', 0), follow: flags.follow === true }
      if (out.json && wanted.follow)
        throw new UsageError(
          'options.invalid',
          'logs: --json is one document, which --follow would never end',
        )
      const perHost = await onStage(context, { stage: name, flags }, (open) => {
        requireService(open.stage, service)
        return onEach(open.hosts, (host) => logsOf(open, host, { ...wanted, out }))
      })
      const hosts = [...perHost].map(([host, log]) => ({ host, ...log }))
      if (hosts.some(({ missing }) => missing.length > 0)) out.exitCode = EXIT.failure
      if (out.json) writeJson(out, { stage: name, hosts })
    })
}

interface Reading {
  readonly service: string | undefined
  readonly lines: number
  readonly follow: boolean
  readonly out: Output
}

interface HostLog {
  readonly lines: readonly string[]
  /** Units of the services that are not there: what they had logged before may still be. */
  readonly missing: ReadonlyArray<{ readonly unit: string; readonly why: string }>
}

async function logsOf(open: OpenStage, host: DeployHost, reading: Reading): Promise<HostLog> {
  const { stage, signal } = open
  const { out, service, lines: count, follow } = reading
  const note = (what: string) => {
    if (!out.json) out.note(printable(`${host.name}: ${what}`))
  }
  const services = servicesOn(stage, host).filter(({ name }) => service === undefined || name === service)
  if (services.length === 0) {
    note(service === undefined ? 'no service of this stage runs here' : `${service} does not run here`)
    return { lines: [], missing: [] }
  }
  const { stdout } = await host.shell.run(inOrder('look at the services', lookAtServices(services)), {
    signal,
  })
  const missing = serviceUnits(services, stdout)
    .filter(({ isInstalled }) => !isInstalled)
    .map(({ unit, isInstalled }) => ({
      unit,
      why: isInstalled === null ? 'systemd does not answer' : 'not installed',
    }))
  // Said first: whoever follows a log waits for lines that will never come.
  for (const { unit, why } of missing) note(`${unit}: ${why}`)
  const lines: string[] = []
  let isSilent = true
  const onLine = (line: string, stream: 'stdout' | 'stderr') => {
    if (stream === 'stderr') return
    isSilent = false
    if (out.json) lines.push(line)
    else out.write(`${host.name}  ${printable(line)}`)
  }
  await host.shell.run(followLogs(services, { lines: count, follow }), { signal, onLine }).catch((error) => {
    if (!signal.aborted) throw error
  })
  if (isSilent && count > 0 && missing.length < services.length && !signal.aborted) note(SILENT)
  return { lines, missing }
}

const SILENT =
  'the journal shows no line of these services: nothing was deployed yet, its entries are gone, or who logs in may not read it (group systemd-journal)'

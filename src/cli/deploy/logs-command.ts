import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { followLogs } from '../../deploy/services/logs.ts'
import { servicesOn } from '../../deploy/services/service.ts'
import { printable } from '../output.ts'
import { onStage } from './on-stage.ts'
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
      await onStage(context, { stage: name, flags }, ({ stage, hosts, signal }) =>
        onEach(hosts, async (host) => {
          const services = servicesOn(stage, host).filter(
            (its) => service === undefined || its.name === service,
          )
          const script = followLogs(services, { lines: Number(flags.lines), follow: flags.follow ?? false })
          await host.shell
            .run(script, { signal, onLine: (line) => out.write(`${host.name}  ${printable(line)}`) })
            .catch((error) => {
              if (!signal.aborted) throw error
            })
        }),
      )
    })
}

import type { Command } from 'commander'
import type { DeployHost } from '../../deploy/deployment.ts'
import { onEach } from '../../deploy/fleet.ts'
import { closedText, readNote, unfinishedText } from '../../deploy/on-host/notes.ts'
import { hostFacts, probeHost } from '../../deploy/on-host/probe-host.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { servicesOn } from '../../deploy/services/service.ts'
import { lookAtServices, type ServiceUnit, serviceUnits } from '../../deploy/services/service-units.ts'
import type { Stage } from '../../deploy/stage.ts'
import { inOrder } from '../../remote/script.ts'
import { writeTable } from '../operator/table.ts'
import { paint, printable, writeJson } from '../output.ts'
import { onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

interface HostStatus {
  readonly host: string
  readonly current: string | null
  readonly closed: string | null
  readonly unfinished: string | null
  readonly units: readonly ServiceUnit[]
}

/** `capstan status STAGE`: what is live, which processes run it, and what they say of themselves. */
export function statusCommand(context: DeployContext): Command {
  const { out } = context
  return stageCommand('status', 'show the live release and the services of each host')
    .addHelpText('after', '\nExample: capstan status production')
    .action(async (name: string, flags: StageFlags) => {
      const hosts = await onStage(context, { stage: name, flags }, ({ stage, hosts }) =>
        onEach(hosts, (host) => statusOf(stage, host)),
      )
      const all = [...hosts.values()]
      if (out.json) return writeJson(out, { stage: name, hosts: all.map(asDocument) })
      writeTable(out, COLUMNS, all.flatMap(rowsOf))
      for (const { host, closed, unfinished } of all) {
        if (closed !== null) out.write(paint(out, 'yellow', printable(`${host} is ${closedText(closed)}`)))
        if (unfinished !== null)
          out.write(
            paint(
              out,
              'yellow',
              printable(`${host}: a run is at work or died: ${unfinishedText(unfinished)}`),
            ),
          )
      }
    })
}

/** Scripts read the notes of a host as what they are, and what systemd knows of a unit beside its name. */
function asDocument({ closed, unfinished, units, ...status }: HostStatus) {
  const fields = (note: string | null) => (note === null ? null : readNote(note))
  return {
    ...{ ...status, closed: fields(closed), unfinished: fields(unfinished) },
    units: units.map(({ service, unit, isInstalled, state }) => ({ service, ...state, unit, isInstalled })),
  }
}

async function statusOf(stage: Stage, host: DeployHost): Promise<HostStatus> {
  const services = servicesOn(stage, host)
  const questions = [probeHost(stage.deployTo, []), ...lookAtServices(services)]
  const { stdout } = await host.shell.run(inOrder('look at the host', questions))
  const facts = hostFacts(new Reply(stdout))
  return {
    host: host.name,
    current: facts.current.release ?? null,
    closed: facts.closed,
    unfinished: facts.unfinished,
    units: serviceUnits(services, stdout),
  }
}

type Row = { readonly host: string; readonly current: string | null; readonly unit: ServiceUnit | null }

/** Each configured service has a row: one that is not there is what one looks for. */
function rowsOf({ host, current, units }: HostStatus): Row[] {
  return units.length === 0 ? [{ host, current, unit: null }] : units.map((unit) => ({ host, current, unit }))
}

const COLUMNS = [
  { head: 'HOST', cell: ({ host }: Row) => host },
  { head: 'CURRENT', cell: ({ current }: Row) => current ?? 'none' },
  { head: 'UNIT', cell: ({ unit }: Row) => unit?.unit ?? 'none' },
  { head: 'STATE', cell: ({ unit }: Row) => (unit === null ? '' : stateText(unit)) },
  { head: 'BOOT', cell: ({ unit }: Row) => (unit?.state?.isEnabled ? 'starts' : '') },
  { head: 'PID', right: true, cell: ({ unit }: Row) => (unit?.state?.pid ? String(unit.state.pid) : '') },
  { head: 'SAYS', flexible: true, cell: ({ unit }: Row) => unit?.state?.status ?? '' },
]

function stateText({ isInstalled, isTemplate, state }: ServiceUnit): string {
  if (state === null) return 'systemd does not answer'
  const active = `${state.active} (${state.sub})`
  // A unit whose file was taken away may go on.
  if (!isInstalled) return state.active === 'inactive' ? 'not installed' : `not installed, ${active}`
  return isTemplate ? 'no instance' : active
}

import type { Command } from 'commander'
import { listReleases, releaseFacts } from '../../deploy/on-host/releases.ts'
import { type ReleaseFacts, stateOf } from '../../deploy/release.ts'
import { writeTable } from '../operator/table.ts'
import { writeJson } from '../output.ts'
import { askAll, onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

/** `capstan releases STAGE`: what lies on each host, and what rollback would return to. */
export function releasesCommand(context: DeployContext): Command {
  const { out } = context
  return stageCommand('releases', 'list the releases on the hosts, which are good, which is live')
    .addHelpText('after', '\nExample: capstan releases production')
    .action(async (name: string, flags: StageFlags) => {
      const perHost = await onStage(context, { stage: name, flags }, (stage) =>
        askAll(stage, listReleases(stage.stage.deployTo), releaseFacts),
      )
      const rows = [...perHost].flatMap(([host, releases]) =>
        releases.map((release) => ({ host, ...release })),
      )
      if (out.json) return writeJson(out, { releases: rows.map((row) => ({ ...row, state: stateOf(row) })) })
      if (rows.length === 0) return out.write(`No releases: nothing was deployed to stage ${name} yet.`)
      writeTable(out, COLUMNS, rows)
    })
}

type Row = ReleaseFacts & { readonly host: string }

const COLUMNS = [
  { head: 'HOST', cell: ({ host }: Row) => host },
  { head: 'RELEASE', cell: ({ name }: Row) => name },
  { head: 'STATE', cell: (row: Row) => stateOf(row) },
  { head: 'REVISION', cell: ({ revision }: Row) => revision?.slice(0, 12) ?? '?' },
  { head: 'BY', cell: ({ manifest }: Row) => manifest?.by ?? '' },
  {
    head: '',
    cell: ({ isCurrent, isInUse }: Row) => (isCurrent ? 'current' : isInUse ? 'in use' : ''),
  },
]

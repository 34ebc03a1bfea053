import type { Command } from 'commander'
import { type StageValue, stageValues } from '../../deploy/stage-values.ts'
import { type Column, writeTable } from '../operator/table.ts'
import { writeJson } from '../output.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import { type StageFlags, stageSession } from './stage-session.ts'

const COLUMNS: readonly Column<StageValue>[] = [
  { head: 'SETTING', cell: ({ path }) => path },
  { head: 'VALUE', cell: ({ value }) => shown(value), flexible: true },
  { head: 'FROM', cell: ({ origin }) => origin, colour: () => 'dim' },
]

const ABOUT = `
Secrets are masked, and so is everything in environment but well-known names such as RAILS_ENV, NODE_ENV and TZ.

Examples:
  $ capstan config production
  $ capstan config production --roles worker --set keep=3 --json`

/** `capstan config STAGE`: every value that a deploy would use, and where it came from. */
export function configCommand({ session, out }: DeployContext): Command {
  return stageCommand('config', 'show what holds for a stage, and where each value comes from')
    .addHelpText('after', ABOUT)
    .action(async (name: string, flags: StageFlags, command: Command) => {
      if (command.optsWithGlobals<{ json?: boolean }>().json) out.json = true
      const { stage } = await stageSession(session(), name, flags)
      const values = stageValues(stage)
      if (out.json) writeJson(out, { stage: name, values })
      else writeTable(out, COLUMNS, values)
    })
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

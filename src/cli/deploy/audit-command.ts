import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { readAudit } from '../../deploy/on-host/notes.ts'
import { printable, writeJson } from '../output.ts'
import { onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

/** `capstan audit STAGE`: who deployed what, when, and how it ended, as each host wrote it down. */
export function auditCommand(context: DeployContext): Command {
  const { out } = context
  return stageCommand('audit', 'show who deployed what, when, and how it ended')
    .option('-n, --lines <number>', 'the last so many of each host', '20')
    .addHelpText('after', '\nExample: capstan audit production -n 5 --json')
    .action(async (name: string, flags: StageFlags & { lines: string }) => {
      const perHost = await onStage(context, { stage: name, flags }, ({ stage, hosts }) =>
        onEach(hosts, ({ shell }) => shell.run(readAudit(stage.layout, Number(flags.lines)))),
      )
      const entries = [...perHost].flatMap(([host, { stdout }]) =>
        stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => ({ host, ...entryOf(line) })),
      )
      if (out.json) return writeJson(out, { stage: name, entries })
      for (const { host, ...entry } of entries)
        out.write(printable(`${host}  ${Object.values(entry).join('  ')}`))
    })
}

/** A line that is not ours is shown as it is. */
function entryOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line)
  } catch {
    return { line }
  }
}

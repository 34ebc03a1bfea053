import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { readAudit } from '../../deploy/on-host/notes.ts'
import { type Column, writeTable } from '../operator/table.ts'
import { writeJson } from '../output.ts'
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
      if (entries.length === 0)
        return out.write(`No deploys: none was written down on the hosts of stage ${name} yet.`)
      writeTable(out, COLUMNS, auditRows(entries))
    })
}

/** What one host wrote down. */
export interface AuditEntry {
  readonly host: string
  readonly [field: string]: unknown
}

interface AuditRow {
  readonly hosts: readonly string[]
  readonly entry: AuditEntry
}

/** A row for each deploy: hosts write the same of it, at about the same time. Oldest first. */
export function auditRows(entries: readonly AuditEntry[]): AuditRow[] {
  const rows: Array<{ readonly hosts: string[]; readonly entry: AuditEntry }> = []
  for (const entry of [...entries].sort((a, b) => (text(a.at) < text(b.at) ? -1 : 1))) {
    const same = rows.findLast((row) => isSameDeploy(row.entry, entry) && !row.hosts.includes(entry.host))
    if (same === undefined) rows.push({ hosts: [entry.host], entry })
    else same.hosts.push(entry.host)
  }
  return rows
}

const IDENTITY = ['kind', 'release', 'result', 'by', 'line']

function isSameDeploy(one: AuditEntry, other: AuditEntry): boolean {
  return IDENTITY.every((field) => one[field] === other[field])
}

const field = (head: string, name: string): Column<AuditRow> => ({
  head,
  cell: ({ entry }) => text(entry[name]),
})

const COLUMNS: readonly Column<AuditRow>[] = [
  { head: 'AT', cell: ({ entry }) => text(entry.at).replace(/\.\d+Z$/, 'Z') },
  ...[field('WHAT', 'kind'), field('RELEASE', 'release')],
  { head: 'REVISION', cell: ({ entry }) => text(entry.revision).slice(0, 12) },
  ...[field('BY', 'by'), field('RESULT', 'result')],
  { head: 'S', right: true, cell: ({ entry }) => text(entry.seconds) },
  { head: 'HOSTS', cell: ({ hosts }) => hosts.join(', ') },
  { head: 'WHY', flexible: true, cell: ({ entry }) => whyOf(entry) },
]

/** The first line: what services have logged stands below it. */
function whyOf({ phase, reason, line }: AuditEntry): string {
  if (line !== undefined) return text(line)
  const [first = ''] = text(reason).split('\n')
  return first === '' ? '' : `${text(phase)}: ${first}`
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}

/** A line that is not ours is shown as it is. */
function entryOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line)
  } catch {
    return { line }
  }
}

import type { Finding } from './finding.ts'
import type { Entry, Section, Unit } from './unit.ts'

export interface ParsedUnit {
  readonly unit: Unit
  /** Lines that systemd ignores. */
  readonly findings: readonly Finding[]
}

/**
 * Reads a unit file as systemd does: `#` and `;` begin a comment only at the start of a line; a backslash at the end
 * of a line continues it past comments; what comes later wins or is added, and an empty value starts a list anew.
 * See systemd.syntax(7).
 */
export function parseUnit(text: string): ParsedUnit {
  const sections: { name: string; entries: Entry[] }[] = []
  const findings: Finding[] = []
  const ignored = (line: number, what: string, fix: string) =>
    findings.push({ severity: 'error', line, what, fix })
  for (const { text: content, line } of logicalLines(text)) {
    const header = /^\[(.*)\]$/.exec(content)
    const at = content.indexOf('=')
    const section = sections.at(-1)
    if (header !== null) sections.push({ name: header[1]!, entries: [] })
    else if (at <= 0)
      ignored(
        line,
        `systemd ignores "${content}": it is no assignment`,
        'write NAME=value, or begin it with #',
      )
    else if (section === undefined)
      ignored(
        line,
        'systemd ignores assignments before the first section',
        'put [Unit] or [Service] above it',
      )
    else
      section.entries.push({
        name: content.slice(0, at).trim(),
        value: content.slice(at + 1).trim(),
        line,
      })
  }
  // An empty one is what a masked unit has.
  if (sections.length === 0 && text.trim() !== '') return NO_UNIT
  return { unit: { sections: sections satisfies Section[] }, findings }
}

const NO_UNIT: ParsedUnit = {
  unit: { sections: [] },
  findings: [
    {
      ...{ severity: 'error', line: null },
      what: 'this is no unit file: it has no [Section]',
      fix: 'name a file of systemd, such as /etc/systemd/system/NAME.service',
    },
  ],
}

/** Lines without comments and blanks, continued ones joined by a space. */
function logicalLines(text: string): { text: string; line: number }[] {
  const lines: { text: string; line: number }[] = []
  let open = null as { text: string; line: number } | null
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (/^\s*[#;]/.test(raw)) continue
    const current = open ?? { text: '', line: index + 1 }
    const continues = /(^|[^\\])(\\\\)*\\$/.test(raw)
    current.text += continues ? `${raw.slice(0, -1)} ` : raw
    open = continues ? current : null
    if (!continues) lines.push(current)
  }
  if (open !== null) lines.push(open)
  return lines.map(({ text, line }) => ({ text: text.trim(), line })).filter((line) => line.text !== '')
}

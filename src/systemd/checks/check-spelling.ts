import { findDirective, isKnownSection, meantDirective, meantSection, neededVersion } from '../directives.ts'
import type { Finding } from '../finding.ts'
import { timeSpanMs } from '../time-span.ts'
import type { Entry, Unit } from '../unit.ts'
import type { CheckOptions } from './service-facts.ts'

/** Names that systemd would ignore, and values that are no time span. */
export function checkSpelling(unit: Unit, options: CheckOptions): Finding[] {
  return unit.sections.flatMap(({ name: section, entries }) => {
    // Other kinds of units have sections that we know nothing of; X- is for anybody's own use.
    if (!isKnownSection(section)) return misspeltSection(section, entries)
    return entries.flatMap((entry) =>
      entry.name.startsWith('X-') ? [] : checkEntry(section, entry, options),
    )
  })
}

function misspeltSection(section: string, entries: readonly Entry[]): Finding[] {
  const meant = meantSection(section)
  if (meant === null) return []
  const what = `[${section}] is no section that systemd knows; it ignores all of it`
  return [{ severity: 'error', line: entries[0]?.line ?? null, what, fix: `did you mean [${meant}]?` }]
}

function checkEntry(section: string, { name, value, line }: Entry, options: CheckOptions): Finding[] {
  const directive = findDirective(section, name)
  if (directive === null) {
    const meant = meantDirective(section, name)
    const where = meant?.section === section ? '' : ` in [${meant?.section}]`
    return [
      {
        severity: meant === null ? 'warning' : 'error',
        line,
        what: `${name}= is not known in [${section}]; systemd ignores what it does not know`,
        fix: meant === null ? 'look it up in systemd.directives(7)' : `did you mean ${meant.name}=${where}?`,
      },
    ]
  }
  const findings: Finding[] = []
  if (/Sec$/.test(name) && value !== '' && !value.includes('%') && timeSpanMs(value) === null)
    findings.push({
      severity: 'error',
      line,
      what: `${name}=${value} is no time span`,
      fix: 'such as 30, 30s or 1min 30s',
    })
  const needed = neededVersion(directive, value)
  if (options.systemdVersion !== undefined && needed > options.systemdVersion)
    findings.push({
      severity: 'warning',
      line,
      what: `${name}=${value} needs systemd ${needed}; ${options.systemdVersion} ignores it`,
      fix:
        directive.formerly === undefined
          ? 'do without it'
          : `${directive.formerly.name}= in [${directive.formerly.section}]`,
    })
  return findings
}

import { findDirective, isKnownSection, meantDirective } from './directives.ts'
import type { Unit } from './unit.ts'

/** One line of a unit file, in words. */
export interface ExplainedLine {
  readonly line: number | null
  readonly section: string
  readonly name: string
  readonly value: string
  /** What it does, or that it is not known. */
  readonly meaning: string
  /** Why a worker's unit has it. */
  readonly why: string | null
}

/** Says of every line what it does. */
export function explainUnit(unit: Unit): ExplainedLine[] {
  return unit.sections.flatMap(({ name: section, entries }) =>
    entries.map(({ name, value, line }) => {
      const directive = findDirective(section, name)
      const meaning = directive?.meaning ?? unknown(section, name)
      return { line, section, name, value, meaning, why: directive?.why ?? null }
    }),
  )
}

function unknown(section: string, name: string): string {
  if (name.startsWith('X-') || section.startsWith('X-')) return 'For programs of yours; systemd ignores it.'
  if (!isKnownSection(section))
    return `Of [${section}], which is not explained here; see systemd.directives(7).`
  const meant = meantDirective(section, name)
  if (meant === null) return 'Not known here; see systemd.directives(7).'
  return `Not known. Did you mean ${meant.name}=${meant.section === section ? '' : ` in [${meant.section}]`}?`
}

import { UsageError } from '../kernel/errors.ts'
import type { Directive, ServiceManager } from './directive.ts'
import { findDirective, NEWEST_SYSTEMD, neededVersion } from './directives.ts'
import type { Entry, Unit } from './unit.ts'

export interface RenderOptions {
  /** Of the host; default the newest that we know. */
  readonly systemdVersion?: number
  /** Default `system`. */
  readonly manager?: ServiceManager
}

export interface RenderedUnit {
  readonly text: string
  /** What was left out or written in an older way, and why. */
  readonly notes: readonly string[]
}

/**
 * A unit as a file for one systemd: what it is too old for is left out, or written as it was written then.
 * @throws UsageError `unit.value` for a value that would become another line
 */
export function renderUnit(unit: Unit, options: RenderOptions = {}): RenderedUnit {
  const { systemdVersion = NEWEST_SYSTEMD, manager = 'system' } = options
  const sections = new Map(unit.sections.map(({ name }) => [name, [] as string[]]))
  const notes: string[] = []
  for (const { name: section, entries } of unit.sections) {
    for (const entry of entries) {
      checkValue(entry)
      const fitted = fit(findDirective(section, entry.name), { section, entry, systemdVersion, manager })
      if (fitted.note !== null) notes.push(fitted.note)
      if (fitted.at !== null) linesOf(sections, fitted.at.section).push(`${fitted.at.name}=${entry.value}`)
    }
  }
  const blocks = [...sections].filter(([, lines]) => lines.length > 0)
  return { text: blocks.map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`).join('\n'), notes }
}

interface Wanted {
  readonly section: string
  readonly entry: Entry
  readonly systemdVersion: number
  readonly manager: ServiceManager
}

interface Fitted {
  readonly at: { readonly section: string; readonly name: string } | null
  readonly note: string | null
}

function fit(directive: Directive | null, { section, entry, systemdVersion, manager }: Wanted): Fitted {
  const as = { section, name: entry.name }
  if (directive === null) return { at: as, note: null }
  const { managers = ['system', 'user'], formerly } = directive
  if (!managers.includes(manager))
    return { at: null, note: `${entry.name}= is left out: only the system's manager can do it` }
  const needed = neededVersion(directive, entry.value)
  if (needed <= systemdVersion) return { at: as, note: null }
  const older = `systemd ${systemdVersion} is older than ${needed}`
  if (formerly === undefined) return { at: null, note: `${entry.name}=${entry.value} is left out: ${older}` }
  return {
    at: formerly,
    note: `${entry.name}= is written as [${formerly.section}] ${formerly.name}=: ${older}`,
  }
}

function linesOf(sections: Map<string, string[]>, section: string): string[] {
  const lines = sections.get(section) ?? []
  sections.set(section, lines)
  return lines
}

function checkValue({ name, value }: Entry): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in there
  if (!/[\u0000-\u001f\u007f]|\\$/.test(value)) return
  throw new UsageError(
    'unit.value',
    `${name}=: expected one line without control characters and without a backslash at its end, got ${JSON.stringify(value)}`,
  )
}

import { suggest } from '../kernel/suggest.ts'
import type { Directive, DirectiveFacts } from './directive.ts'
import { PROCESS_DIRECTIVES } from './process-directives.ts'
import { SANDBOX_DIRECTIVES } from './sandbox-directives.ts'
import { SERVICE_DIRECTIVES } from './service-directives.ts'
import {
  INSTALL_DIRECTIVES,
  SOCKET_DIRECTIVES,
  TIMER_DIRECTIVES,
  UNIT_DIRECTIVES,
} from './unit-directives.ts'

/** The oldest systemd that units are rendered for: that of Amazon Linux 2 and CentOS 7. */
export const OLDEST_SYSTEMD = 219
/** The newest one whose directives are in the table. */
export const NEWEST_SYSTEMD = 257

const SERVICE = { ...SERVICE_DIRECTIVES, ...PROCESS_DIRECTIVES, ...SANDBOX_DIRECTIVES }

const SECTIONS: Readonly<Record<string, Readonly<Record<string, DirectiveFacts>>>> = {
  Unit: UNIT_DIRECTIVES,
  Service: SERVICE,
  Install: INSTALL_DIRECTIVES,
  // Whatever starts processes takes the directives about their surroundings.
  Timer: TIMER_DIRECTIVES,
  Socket: { ...SOCKET_DIRECTIVES, ...PROCESS_DIRECTIVES, ...SANDBOX_DIRECTIVES },
}

/** The one table of what we know, by section. See systemd.unit(5), systemd.service(5), systemd.exec(5). */
export const DIRECTIVES: readonly Directive[] = Object.entries(SECTIONS).flatMap(([section, names]) =>
  Object.entries(names).map(([name, facts]) => ({ section, name, ...facts })),
)

/** Names of directives are spelt exactly, capitals included. */
export function findDirective(section: string, name: string): Directive | null {
  const facts = Object.hasOwn(SECTIONS, section) ? SECTIONS[section] : undefined
  return facts !== undefined && Object.hasOwn(facts, name) ? { section, name, ...facts[name]! } : null
}

export function isKnownSection(section: string): boolean {
  return Object.hasOwn(SECTIONS, section)
}

/** The section that a misspelt one was meant to be; null for those of other kinds of units. */
export function meantSection(section: string): string | null {
  return section.startsWith('X-') ? null : suggest(section, Object.keys(SECTIONS))
}

/** What somebody may have meant: the section that this directive belongs to, or the nearest name in this one. */
export function meantDirective(section: string, name: string): { section: string; name: string } | null {
  const elsewhere = DIRECTIVES.find((directive) => directive.name === name && directive.section !== section)
  const near = suggest(name, Object.keys(SECTIONS[section] ?? {}))
  if (elsewhere !== undefined) return { section: elsewhere.section, name }
  return near === null ? null : { section, name: near }
}

/** The version that knows this directive with this value. */
export function neededVersion({ since = 0, values = {} }: DirectiveFacts, value: string): number {
  const words = value.split(/\s+/)
  const later = Object.entries(values).filter(([start]) =>
    words.some((word) => word === start || (start.endsWith(':') && word.startsWith(start))),
  )
  return Math.max(since, ...later.map(([, version]) => version))
}

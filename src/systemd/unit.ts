/** One assignment of a unit file, its value as written. */
export interface Entry {
  readonly name: string
  readonly value: string
  /** Where it begins in its file, from 1; null for what was not read from one. */
  readonly line: number | null
}

export interface Section {
  readonly name: string
  readonly entries: readonly Entry[]
}

/** A unit file as a value: sections and assignments in their order. A section may come more than once. */
export interface Unit {
  readonly sections: readonly Section[]
}

export function entriesOf(unit: Unit, section: string): Entry[] {
  return unit.sections.filter(({ name }) => name === section).flatMap(({ entries }) => [...entries])
}

/** All values of a directive that may be repeated. An empty value takes back those before it. */
export function listOf(unit: Unit, section: string, name: string): Entry[] {
  const all = entriesOf(unit, section).filter((entry) => entry.name === name)
  return all.slice(all.findLastIndex(({ value }) => value === '') + 1)
}

/** The value that counts where only one does: the last; null when there is none or it is empty. */
export function settingOf(unit: Unit, section: string, name: string): string | null {
  return listOf(unit, section, name).at(-1)?.value ?? null
}

export function lineOf(unit: Unit, section: string, name: string): number | null {
  return entriesOf(unit, section).findLast((entry) => entry.name === name)?.line ?? null
}

import { entriesOf, type Unit } from './unit.ts'

/** Where two units differ in one directive; a list has all its values, in their order. */
export interface UnitDifference {
  readonly section: string
  readonly name: string
  readonly wanted: readonly string[]
  readonly found: readonly string[]
}

/** In what a unit that was found differs from the one that is wanted. The order of directives is no difference. */
export function diffUnits(wanted: Unit, found: Unit): UnitDifference[] {
  const names = new Set(
    [...wanted.sections, ...found.sections].flatMap(({ name: section, entries }) =>
      entries.map(({ name }) => `${section}\n${name}`),
    ),
  )
  return [...names]
    .map((key) => key.split('\n') as [string, string])
    .map(([section, name]) => ({
      ...{ section, name },
      wanted: valuesOf(wanted, section, name),
      found: valuesOf(found, section, name),
    }))
    .filter(
      ({ wanted: a, found: b }) => a.length !== b.length || a.some((value, index) => value !== b[index]),
    )
}

function valuesOf(unit: Unit, section: string, name: string): string[] {
  return entriesOf(unit, section)
    .filter((entry) => entry.name === name)
    .map(({ value }) => value)
}

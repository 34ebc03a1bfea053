import { UsageError } from '../kernel/errors.ts'
import type { Definition } from './definition.ts'

/** The jobs that a worker can run, by their name on the wire. */
export interface Registry {
  readonly size: number
  get(name: string): Definition | undefined
  names(): string[]
}

/**
 * @param origins where jobs are written, as a message is to name it
 * @throws UsageError `job.duplicate` when two different jobs have one name: which would run is a matter of luck
 */
export function registry(
  definitions: Iterable<Definition>,
  origins: ReadonlyMap<Definition, string> = new Map(),
): Registry {
  const byName = new Map<string, Definition>()
  for (const definition of definitions) {
    const known = byName.get(definition.name)
    if (known !== undefined && known !== definition) {
      throw new UsageError(
        'job.duplicate',
        `two jobs are called "${definition.name}"${placesOf([known, definition], origins)}; a name on the wire means one job: rename one`,
      )
    }
    byName.set(definition.name, definition)
  }
  return {
    size: byName.size,
    get: (name) => byName.get(name),
    names: () => [...byName.keys()].sort(),
  }
}

function placesOf(definitions: readonly Definition[], origins: ReadonlyMap<Definition, string>): string {
  const places = new Set(definitions.map((definition) => origins.get(definition) ?? ''))
  return places.has('') ? '' : `, in ${[...places].join(' and in ')}`
}

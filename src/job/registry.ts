import { UsageError } from '../kernel/errors.ts'
import type { Definition } from './definition.ts'

/** The jobs that a worker can run, by their name on the wire. */
export interface Registry {
  readonly size: number
  get(name: string): Definition | undefined
  names(): string[]
}

/** @throws UsageError `job.duplicate` when two different jobs have one name: which would run is a matter of luck */
export function registry(definitions: Iterable<Definition>): Registry {
  const byName = new Map<string, Definition>()
  for (const definition of definitions) {
    const known = byName.get(definition.name)
    if (known !== undefined && known !== definition) {
      throw new UsageError(
        'job.duplicate',
        `two jobs are called "${definition.name}"; a name on the wire means one job`,
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

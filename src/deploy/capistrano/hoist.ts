import { isDeepStrictEqual } from 'node:util'
import type { DeployConfig, StageConfig } from '../deploy-config.ts'

/** What all stages say alike is said once, for all. */
export function hoisted(stages: Readonly<Record<string, StageConfig>>): Omit<DeployConfig, 'application'> {
  const all = Object.values(stages)
  const general = alike(all)
  for (const key of ['environment', 'services'] as const) {
    const entries = alike(all.map((stage) => stage[key] ?? {}))
    if (Object.keys(entries).length > 0) general[key] = entries
  }
  delete general.hosts
  const special = Object.entries(stages).map(([name, stage]) => [name, without(stage, general)])
  return { ...general, stages: Object.fromEntries(special) }
}

function alike(all: readonly object[]): Record<string, unknown> {
  const [first = {}, ...others] = all as ReadonlyArray<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(first).filter(([key, value]) =>
      others.every((other) => isDeepStrictEqual(other[key], value)),
    ),
  )
}

function without(stage: StageConfig, general: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(stage).map(([key, value]) => {
    if (key !== 'environment' && key !== 'services')
      return [key, isDeepStrictEqual(general[key], value) ? undefined : value]
    const said = (general[key] ?? {}) as object
    return [key, Object.fromEntries(Object.entries(value).filter(([entry]) => !Object.hasOwn(said, entry)))]
  })
  return withoutEmpty(Object.fromEntries(entries))
}

/** The settings without those that say nothing. */
export function withoutEmpty<Settings extends object>(settings: Settings): Settings {
  const isEmpty = (value: unknown) =>
    value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => !isEmpty(value))) as Settings
}

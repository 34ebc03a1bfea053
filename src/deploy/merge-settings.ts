import { objectAt } from '../kernel/check.ts'
import { checkDeploySettings } from './check-deploy-config.ts'
import type { DeployConfig, DeploySettings } from './deploy-config.ts'

/** Where each value came from that was said, by its path: `keep`, `environment.TZ`, `services.worker.processes`. */
export type Origins = Map<string, string>

export interface MergedSettings {
  readonly settings: DeploySettings
  readonly origins: Origins
}

/** Settings of which a stage, or `--set`, replaces single entries. */
const BY_ENTRY: ReadonlySet<string> = new Set(['environment', 'services', 'hooks'])

const SET = '--set'

/**
 * What holds for a stage: what it says, over what is said for all, and over both what the command line says.
 * @param file named in the origins
 * @param set values by their path, as in `{ 'services.worker.processes': 2 }`
 * @throws UsageError when the command line says something that the configuration could not say
 */
export function mergeSettings(
  config: DeployConfig,
  stage: string,
  { file, set }: { readonly file: string; readonly set: Readonly<Record<string, unknown>> },
): MergedSettings {
  const { application: _, stages, ...general } = config
  const { hosts: __, ...special } = stages[stage]!
  const origins: Origins = new Map()
  const settings: Record<string, unknown> = {}
  for (const [said, at] of [
    [general, `${file}: deploy`],
    [special, `${file}: deploy.stages.${stage}`],
  ] as const) {
    for (const [key, value] of Object.entries(said)) {
      if (value !== undefined) settings[key] = laidOver(settings[key], value, { key, at, origins })
    }
  }
  for (const [path, value] of Object.entries(set)) {
    replace(settings, path.split('.'), value)
    note(origins, path, { value, from: () => `${SET} ${path}` })
  }
  if (Object.keys(set).length > 0) checkDeploySettings(settings, SET)
  return { settings, origins }
}

function laidOver(
  below: unknown,
  value: unknown,
  { key, at, origins }: { key: string; at: string; origins: Origins },
): unknown {
  const from = (path: string) => `${at}.${path}`
  if (!BY_ENTRY.has(key)) {
    note(origins, key, { value, from })
    return value
  }
  const said = Object.fromEntries(Object.entries(value as object).filter(([, its]) => its !== undefined))
  for (const [entry, its] of Object.entries(said)) note(origins, `${key}.${entry}`, { value: its, from })
  return { ...(below as object), ...said }
}

/** Notes the origin of a value, or of each value in it, in place of what it replaces. */
function note(
  origins: Origins,
  path: string,
  { value, from }: { value: unknown; from: (path: string) => string },
): void {
  for (const known of origins.keys()) {
    if (known === path || known.startsWith(`${path}.`)) origins.delete(known)
  }
  if (value === undefined) return
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    origins.set(path, from(path))
    return
  }
  for (const [key, each] of Object.entries(value)) note(origins, `${path}.${key}`, { value: each, from })
}

/** Replaces the value at a path, in copies: the configuration itself stays as it is. */
function replace(
  settings: Record<string, unknown>,
  [key = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    settings[key] = value
    return
  }
  const copy = { ...objectAt(settings[key] ?? {}, `${SET} ${key}`) }
  settings[key] = copy
  replace(copy, rest, value)
}

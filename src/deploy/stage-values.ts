import { maskedSetting } from './mask.ts'
import type { Stage, StageHost, StageService } from './stage.ts'

/** One value of a stage, for showing to people, and where it came from. */
export interface StageValue {
  /** As in the configuration: `services.worker.processes`. */
  readonly path: string
  readonly value: unknown
  readonly origin: string
}

/** All values of a stage; secrets are masked, and so is the environment but for a few names. */
export function stageValues(stage: Stage): StageValue[] {
  const { name: _, layout: __, hosts, services, origin, source, environment, hooks, build, ...plain } = stage
  const values: Array<readonly [path: string, value: unknown]> = [
    ...leaves('', plain),
    ...leaves('source.', source),
    ...leaves('environment.', environment),
    ...build.map((line) => ['build', line] as const),
    ...Object.entries(hooks).map(([on, list]) => [`hooks.${on}`, list.map(hookText)] as const),
    ...hosts.map((host) => [`hosts.${host.name}`, hostText(host)] as const),
    ...services.flatMap((service) => serviceLeaves(service)),
  ]
  return values
    .filter(([, value]) => !isNothing(value))
    .map(([path, value]) => ({
      path,
      value: path.startsWith('hosts.') ? value : maskedSetting(path, value),
      origin: origin(originPath(path)),
    }))
}

/** Times in milliseconds are shown as they are configured. */
function leaves(path: string, values: object): Array<readonly [string, unknown]> {
  return Object.entries(values).flatMap(([key, value]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return leaves(`${path}${key}.`, value)
    return [
      key.endsWith('Ms') ? [`${path}${key.slice(0, -2)}`, `${value / 1_000}s`] : [`${path}${key}`, value],
    ]
  })
}

function serviceLeaves({ name, hosts, ...rest }: StageService): Array<readonly [string, unknown]> {
  return leaves(`services.${name}.`, {
    ...rest,
    hosts: hosts.length === 0 ? 'none' : hosts.map((host) => host.name),
  })
}

/** Hosts are listed one by one, and a service's hosts follow from its roles. */
function originPath(path: string): string {
  return path.startsWith('hosts.') ? 'hosts' : path.replace(/^(services\..*)\.hosts$/, '$1.roles')
}

function hostText({ user, roles, primary, properties }: StageHost): string {
  const words = [
    ...(user === undefined ? [] : [`user ${user}`]),
    `roles ${roles.join(', ')}`,
    ...(primary ? ['primary'] : []),
    ...Object.entries(properties).map(([key, value]) => `${key} ${maskedSetting(key, value)}`),
  ]
  return words.join('; ')
}

function hookText(hook: unknown): unknown {
  return typeof hook === 'function' ? `function ${hook.name}`.trim() : hook
}

function isNothing(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

import { meant } from '../kernel/check.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { CommandLine, DeployConfig, DeploySettings, Hook, HookName } from './deploy-config.ts'
import { type Layout, layoutOf } from './layout.ts'
import { mergeSettings } from './merge-settings.ts'
import { chooseHosts, type HostFilter, type StageHost, stageHosts } from './stage-hosts.ts'
import { type StageService, stageService } from './stage-services.ts'

export type { HostFilter, StageHost } from './stage-hosts.ts'
export type { StageService, StageUnitService, StageWorkerService } from './stage-services.ts'

/** Where the code of a stage comes from. */
export type StageSource =
  /** `branch` may be `HEAD`, the repository's own choice; `tree` null means all of it. */
  | { readonly git: string; readonly branch: string; readonly tree: string | null }
  | { readonly upload: string }
  | { readonly artifact: string }

/** All that is decided about a stage before a host is asked. */
export interface Stage {
  readonly name: string
  readonly application: string
  readonly deployTo: string
  readonly layout: Layout
  readonly keep: number
  readonly source: StageSource
  /** Those that were chosen: at least one, of which one is primary. */
  readonly hosts: readonly StageHost[]
  readonly services: readonly StageService[]
  readonly linkedFiles: readonly string[]
  readonly linkedDirs: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly build: readonly CommandLine[]
  readonly migrate: CommandLine | null
  readonly hooks: Readonly<Partial<Record<HookName, readonly Hook[]>>>
  /** Hosts that are cut over at a time, from 1. */
  readonly batch: number
  readonly soakMs: number
  readonly onFailure: 'revert' | 'stop'
  /** Options of ssh. */
  readonly ssh: readonly string[]
  readonly node: string
  /** Where the value at a path such as `keep` or `services.worker.processes` came from. */
  origin(path: string): string
}

/** What the command line adds. */
export interface StageOptions extends HostFilter {
  /** Values by their path, as in `{ 'source.branch': 'fix', keep: 3 }`. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Named in origins. Default `capstan.config.ts`. */
  readonly file?: string
  /** The `timeout` of the configuration: what its workers take without a service's own. */
  readonly timeout?: Duration
}

const DEFAULT_KEEP = 5
const DEFAULT_SOAK: Duration = '10s' // longer than a program takes to fail at its first step

/**
 * Decides everything about a stage.
 * @throws UsageError `stage.unknown`, `hosts.unknown`, `hosts.none`, `roles.unknown`; of `--set` what a check of the
 *   configuration throws
 */
export function resolveStage(config: DeployConfig, name: string, options: StageOptions = {}): Stage {
  const stage = Object.hasOwn(config.stages, name) ? config.stages[name] : undefined
  if (stage === undefined) throw unknownStage(name, Object.keys(config.stages))
  const { set = {}, file = 'capstan.config.ts', timeout } = options
  const { settings, origins } = mergeSettings(config, name, { file, set })
  const all = stageHosts(stage)
  const hosts = chooseHosts(all, options)
  const services = Object.entries(settings.services ?? {}).map(([service, its]) =>
    stageService(service, its, { all, chosen: hosts, timeout }),
  )
  const deployTo = withoutEndSlash(settings.deployTo ?? `/var/www/${config.application}`)
  origins.set('application', `${file}: deploy.application`)
  origins.set('hosts', hostsOrigin(`${file}: deploy.stages.${name}.hosts`, options))
  for (const service of services) {
    const path = `services.${service.name}.timeout`
    if (service.type === 'worker' && timeout !== undefined && !origins.has(path))
      origins.set(path, `${file}: timeout`)
  }
  return {
    ...{ name, application: config.application, deployTo, layout: layoutOf(deployTo), hosts, services },
    ...defaulted(settings),
    batch: batchOf(settings.batch, hosts.length),
    origin: (path) => origins.get(path) ?? 'default',
  }
}

function defaulted(settings: DeploySettings) {
  return {
    keep: settings.keep ?? DEFAULT_KEEP,
    source: sourceOf(settings.source ?? { upload: '.' }),
    linkedFiles: settings.linkedFiles ?? [],
    linkedDirs: settings.linkedDirs ?? [],
    environment: settings.environment ?? {},
    build: settings.build ?? [],
    migrate: settings.migrate ?? null,
    hooks: settings.hooks ?? {},
    soakMs: durationMs(settings.soak ?? DEFAULT_SOAK, 'soak'),
    onFailure: settings.onFailure ?? ('revert' as const),
    ssh: settings.ssh ?? [],
    node: settings.node ?? ('host' as const),
  }
}

function unknownStage(name: string, stages: readonly string[]): UsageError {
  const near = meant(name, stages)
  const all = near.startsWith('known') ? '' : ` known are ${stages.join(', ')}`
  return new UsageError('stage.unknown', `there is no stage "${name}"; ${near}${all}`)
}

function sourceOf(source: NonNullable<DeploySettings['source']>): StageSource {
  return 'git' in source
    ? { git: source.git, branch: source.branch ?? 'HEAD', tree: source.tree ?? null }
    : source
}

/** A share is rounded down, so that no more hosts than that are away at a time. */
function batchOf(batch: DeploySettings['batch'], hosts: number): number {
  if (batch === undefined) return hosts
  const wanted = typeof batch === 'number' ? batch : Math.floor((hosts * Number.parseInt(batch, 10)) / 100)
  return Math.max(1, Math.min(wanted, hosts))
}

function hostsOrigin(given: string, { hosts, roles }: HostFilter): string {
  return [given, ...(hosts ? ['--hosts'] : []), ...(roles ? ['--roles'] : [])].join(', ')
}

function withoutEndSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

import type { Duration } from '../kernel/duration.ts'

/** A program and its arguments, or a line for the host's `sh`. Runs in the release. */
export type CommandLine = string | readonly string[]

/** Where the code comes from. */
export type SourceConfig =
  /** A bare mirror on each host, fetched by the host itself. `tree` deploys one folder of it. */
  | { readonly git: string; readonly branch?: string; readonly tree?: string }
  /** A folder of this machine, packed as git would (ignored files stay out) and sent to each host. */
  | { readonly upload: string }
  /** A `.tar.gz` made elsewhere. */
  | { readonly artifact: string }

export interface HostConfig {
  readonly host: string
  readonly user?: string
  readonly port?: number
  /** Default: `['app']`. */
  readonly roles?: readonly string[]
  /** Where migrations run. Default: the first host of the stage. */
  readonly primary?: boolean
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

/** `overlap`: the new ones run before the old ones end. `replace`: quiet, drain, restart. */
export type Cutover = 'overlap' | 'replace'

interface AnyService {
  /** Hosts that have one of these roles run it. Default: all hosts. */
  readonly roles?: readonly string[]
  readonly manager?: 'system' | 'user'
  /** How long `replace` waits for running jobs before it restarts all the same. Default: the worker's timeout. */
  readonly drain?: Duration
}

/** Workers of ours: a template unit, one instance for each release and process. */
export interface WorkerServiceConfig extends AnyService {
  readonly type: 'worker'
  /** Default 1. One per core is right for jobs that compute. */
  readonly processes?: number
  readonly cutover?: Cutover
  /** Who it runs as. Default: who logs in. Never root unless `root` is said here. */
  readonly user?: string
  /** Options of `capstan work`. */
  readonly options?: readonly string[]
  readonly timeout?: Duration
  readonly hardening?: 'off' | 'basic' | 'strict'
  readonly memoryMax?: string
  readonly environmentFiles?: readonly string[]
  /** Name and file of each secret that systemd hands over (`LoadCredential=`). */
  readonly credentials?: Readonly<Record<string, string>>
}

/** A Ruby Sidekiq under a unit that exists; it is quieted by TSTP, drained and restarted. */
export interface SidekiqServiceConfig extends AnyService {
  readonly type: 'sidekiq'
  /** Default `sidekiq.service`. */
  readonly unit?: string
}

/** Any program: under a unit that exists, restarted at each deploy. */
export interface UnitServiceConfig extends AnyService {
  readonly type: 'unit'
  readonly unit: string
}

export type ServiceConfig = WorkerServiceConfig | SidekiqServiceConfig | UnitServiceConfig

export type PhaseName =
  | 'preflight'
  | 'prepare'
  | 'migrate'
  | 'start'
  | 'publish'
  | 'cutover'
  | 'verify'
  | 'finish'

/** What a hook is told. */
export interface HookContext {
  readonly stage: string
  readonly release: string
  readonly revision: string
  readonly hosts: readonly string[]
}

/** A function of yours on this machine, or a command in the release on every host. */
export type Hook = ((context: HookContext) => Promise<void> | void) | CommandLine

/** What may be said for all stages, and again for one. */
export interface DeploySettings {
  readonly source?: SourceConfig
  /** Default `/var/www/APPLICATION`. */
  readonly deployTo?: string
  /** Releases that stay. Default 5. */
  readonly keep?: number
  readonly linkedFiles?: readonly string[]
  readonly linkedDirs?: readonly string[]
  /** For builds, migrations, hooks and services. */
  readonly environment?: Readonly<Record<string, string>>
  readonly build?: readonly CommandLine[]
  readonly migrate?: CommandLine
  readonly services?: Readonly<Record<string, ServiceConfig>>
  /** Hosts that are cut over at a time: a number or `'25%'`. Default: all. */
  readonly batch?: number | `${number}%`
  /** How long a started service must stay up to be believed. Default 10 s. */
  readonly soak?: Duration
  /** What becomes of hosts that are done when another one fails. Default `revert`. */
  readonly onFailure?: 'revert' | 'stop'
  /** The Node of the services: found on the host, taken from the release's own `node` package, or a path. Default `host`. */
  readonly node?: 'host' | 'release' | `/${string}`
  readonly hooks?: Readonly<
    Partial<Record<`${'before' | 'after'}:${PhaseName}` | 'failed', Hook | readonly Hook[]>>
  >
}

export interface StageConfig extends DeploySettings {
  readonly hosts: ReadonlyArray<string | HostConfig>
}

/** The part of `capstan.config.ts` that says where and how it runs. */
export interface DeployConfig extends DeploySettings {
  /** Letters, digits, dots, hyphens and underscores. */
  readonly application: string
  readonly stages: Readonly<Record<string, StageConfig>>
}

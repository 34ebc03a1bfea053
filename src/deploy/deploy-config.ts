import type { Duration } from '../kernel/duration.ts'

/** A program and its arguments, or a line for the host's `sh`. Runs in the release. */
export type CommandLine = string | readonly string[]

/** Where the code comes from. */
export type SourceConfig =
  /**
   * A bare mirror on each host, fetched by the host itself. `branch` (or tag or commit) defaults to the repository's
   * own `HEAD`; `tree` deploys one folder of it.
   */
  | { readonly git: string; readonly branch?: string; readonly tree?: string }
  /** A folder of this machine, packed as git would (ignored files stay out) and sent to each host. */
  | { readonly upload: string }
  /** A `.tar.gz` made elsewhere. */
  | { readonly artifact: string }

export interface HostConfig {
  /** A name, an address, or all in one as in `deploy@web-1:22`. */
  readonly host: string
  readonly user?: string
  readonly port?: number
  /** Default `['app']`. */
  readonly roles?: readonly string[]
  /** Where migrations run. Default: the first host of the stage. */
  readonly primary?: boolean
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

/** `overlap`: the new ones run before the old ones end. `replace`: quiet, drain, restart. */
export type Cutover = 'overlap' | 'replace'

export type ServiceManager = 'system' | 'user'

interface AnyService {
  /**
   * Hosts that have one of these roles run it. Default: all hosts. Roles that no host of the stage has are an
   * error; an empty list says that the stage does not run it.
   */
  readonly roles?: readonly string[]
  /** Default `system`. */
  readonly manager?: ServiceManager
  /** How long `replace` waits for running jobs before it restarts all the same. Default: the timeout; 25 s for others. */
  readonly drain?: Duration
}

/** Workers of ours: a template unit, one instance for each release and process. */
export interface WorkerServiceConfig extends AnyService {
  readonly type: 'worker'
  /** Default 1. One per core is right for jobs that compute. */
  readonly processes?: number
  /** Default `overlap`. */
  readonly cutover?: Cutover
  /** Who it runs as. Default: who logs in. Never root unless `root` is said here. */
  readonly user?: string
  /** Options of `capstan work`. */
  readonly options?: readonly string[]
  /** Default: the `timeout` of the configuration, else 25 s. */
  readonly timeout?: Duration
  /** Default `basic`. */
  readonly hardening?: 'off' | 'basic' | 'strict'
  /** As systemd reads it: `512M`, `2G`, `50%`. */
  readonly memoryMax?: string
  /** Absolute paths on the host. One that begins with a hyphen may be missing. */
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

/** The phases of a deploy, in their order. */
export const PHASES = [
  ...(['preflight', 'prepare', 'migrate', 'start'] as const),
  ...(['publish', 'cutover', 'verify', 'finish'] as const),
] as const
export type PhaseName = (typeof PHASES)[number]
/** Those of a deploy that has begun: what preflight finds decides whether it does. */
export type ChangingPhase = Exclude<PhaseName, 'preflight'>

/** What a hook is told: enough for a message to a chat. */
export interface HookContext {
  readonly kind: 'deploy' | 'rollback'
  readonly stage: string
  readonly release: string
  readonly revision: string
  readonly hosts: readonly string[]
  /** Who deploys: `CAPSTAN_BY`, else the name of the user. */
  readonly by: string
  readonly phase: PhaseName
  /** Since the deploy began. */
  readonly seconds: number
  /** Why it failed; null but in `failed`. */
  readonly reason: string | null
}

/** A function of yours on this machine, or a command in the release on every host. */
export type Hook = ((context: HookContext) => Promise<void> | void) | CommandLine

/** When a hook runs; `failed` after a deploy that did not succeed. */
export type HookName = `${'before' | 'after'}:${ChangingPhase}` | 'failed'

/**
 * What may be said for all stages, and again for one. What a stage says replaces what is said for all; of
 * `environment`, `services` and `hooks` it replaces single entries.
 */
export interface DeploySettings {
  /** Default `{ upload: '.' }`: the folder of the configuration. */
  readonly source?: SourceConfig
  /** Default `/var/www/APPLICATION`. */
  readonly deployTo?: string
  /** Releases that stay. Default 5. */
  readonly keep?: number
  /** Paths in the release that are links to the same paths in `shared`. */
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
  /** Options of ssh, which win over its own configuration: `['-F', 'ssh/config']`, `['-J', 'bastion']`. */
  readonly ssh?: readonly string[]
  /** The Node of the services: found on the host, taken from the release's own `node` package, or a path. Default `host`. */
  readonly node?: 'host' | 'release' | `/${string}`
  /** A list for each: `'after:publish': ['npm run warm', ['bin/tell', 'all of them'], ({ release }) => …]`. */
  readonly hooks?: Readonly<Partial<Record<HookName, readonly Hook[]>>>
}

export interface StageConfig extends DeploySettings {
  readonly hosts: ReadonlyArray<string | HostConfig>
}

/** The part of `capstan.config.ts` that says where and how it runs. */
export interface DeployConfig extends DeploySettings {
  /** Letters, digits, dots, hyphens and underscores; the first is a letter, a digit or an underscore. */
  readonly application: string
  readonly stages: Readonly<Record<string, StageConfig>>
}

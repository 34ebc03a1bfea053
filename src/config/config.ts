import type { ClientMiddleware } from '../client/client-middleware.ts'
import type { DeployConfig } from '../deploy/deploy-config.ts'
import type { DeathHandler } from '../job/death.ts'
import type { Duration } from '../kernel/duration.ts'
import type { UnknownJobRule } from '../worker/unknown-job-rule.ts'
import type { WorkerMiddleware } from '../worker/worker-middleware.ts'

// Types alone: this must load no driver.
type RedisOptions = import('../store/redis/index.ts').RedisOptions
type SqliteOptions = import('../store/sqlite/index.ts').SqliteOptions

/** Which store, in one key: a Redis URL or address, or a SQLite file. */
export type StoreConfig =
  | { readonly redis: string | RedisOptions }
  | { readonly sqlite: string | SqliteOptions }

/** Queue names in strict order, or names with weights: weight 3 is asked first three times as often as 1. */
export type QueuesConfig = readonly string[] | Readonly<Record<string, number>>

/** What `capstan.config.ts` exports by default. Every key may be left out. */
export interface CapstanConfig {
  /**
   * A file written for Sidekiq, relative to this one: its concurrency, queues, capsules, timeout, tag, labels and poll
   * interval count where this configuration has no such key. Without any `capstan.config.ts`, `config/sidekiq.yml` is
   * read if it is there; beside one it is read only when it is named here, so that it never changes a worker unseen.
   */
  readonly sidekiqYml?: string
  /** Default: Redis at `$REDIS_URL` when that is set, else SQLite in `.capstan/jobs.db` beside the configuration. */
  readonly store?: StoreConfig
  /** Globs of the files that define jobs, relative to the configuration. Default `jobs/**\/*.{ts,js}`. */
  readonly jobs?: string | readonly string[]
  /** Default: `['default']`. */
  readonly queues?: QueuesConfig
  /** Jobs that one process runs at a time. Default 10. */
  readonly concurrency?: number
  /** More sets of queues with slots of their own, by name. */
  readonly capsules?: Readonly<
    Record<string, { readonly queues: QueuesConfig; readonly concurrency: number }>
  >
  /** How long running jobs may go on when a worker stops, before they are handed back. Default 25 s. */
  readonly timeout?: Duration
  /** How often due jobs are looked for, by all processes together. Default 5 s. */
  readonly poll?: Duration
  /** What becomes of jobs of a class that this worker does not know. Default `'return'`. */
  readonly unknownJobs?: UnknownJobRule
  readonly clientMiddleware?: readonly ClientMiddleware[]
  readonly workerMiddleware?: readonly WorkerMiddleware[]
  /** Hear of each job that a worker gives up: out of retries, killed, or the end of too many processes. */
  readonly deathHandlers?: readonly DeathHandler[]
  /** Shown to operators beside the process. Default: the name of the folder. */
  readonly tag?: string
  readonly labels?: readonly string[]
  /** Hosts, stages and services: what `capstan deploy` works by. */
  readonly deploy?: DeployConfig
}

/** Gives the configuration its type, so that an editor can help with it. Returns it as it is. */
export function defineConfig(config: CapstanConfig): CapstanConfig {
  return config
}

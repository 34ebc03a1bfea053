import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../kernel/errors.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import { withCredentials } from '../systemd/credential.ts'
import type { StoreConfig } from './config.ts'
import type { LoadedConfig } from './load-config.ts'

// Types alone: this must load no driver.
type SqliteOptions = import('../store/sqlite/index.ts').SqliteOptions

const DEFAULT_FILE = '.capstan/jobs.db'

/**
 * Which store a configuration means; the environment decides only where the configuration says nothing: REDIS_URL, or
 * the variable that REDIS_PROVIDER names, which comes first as in Sidekiq. Whoever goes by a sidekiq.yml and says nothing
 * means the local Redis, as in Sidekiq, too.
 * @throws UsageError `options.url` when REDIS_PROVIDER is not the name of a variable that is set
 */
export function storeConfigOf(
  { config, sidekiq }: LoadedConfig,
  environment: NodeJS.ProcessEnv,
): StoreConfig {
  if (config.store !== undefined) return config.store
  const url = environment.REDIS_PROVIDER
    ? providedUrl(environment.REDIS_PROVIDER, environment)
    : environment.REDIS_URL
  if (url) return { redis: url }
  return sidekiq === undefined ? { sqlite: DEFAULT_FILE } : { redis: {} }
}

/** Without the URL, SQLite would be opened and no job ever be seen; so that is an error. No message may show a password. */
function providedUrl(name: string, environment: NodeJS.ProcessEnv): string {
  if (name.includes(':')) {
    throw new UsageError(
      'options.url',
      'REDIS_PROVIDER: expected the name of the variable that holds the URL, got what looks like the URL itself; ' +
        'that belongs into REDIS_URL',
    )
  }
  const url = environment[name]
  if (url) return url
  const shown = /^[A-Z][A-Z0-9_]*$/.test(name) ? name : 'a variable'
  throw new UsageError(
    'options.url',
    `REDIS_PROVIDER names ${shown}, which is not set; set it, or use REDIS_URL`,
  )
}

/**
 * Opens the store. Only the driver that is needed is loaded.
 * @throws UsageError, StoreError
 */
export async function openStore(
  runtime: Runtime,
  loaded: LoadedConfig,
  environment = withCredentials(process.env),
): Promise<Store> {
  const store = storeConfigOf(loaded, environment)
  if ('redis' in store) {
    const { openRedisStore } = await import('../store/redis/index.ts')
    const options = typeof store.redis === 'string' ? { url: store.redis } : store.redis
    const opening = openRedisStore(runtime, options)
    return loaded.config.store === undefined ? opening.catch(namingVariable(environment)) : opening
  }
  const { openSqliteStore } = await import('../store/sqlite/index.ts')
  return openSqliteStore(runtime, sqliteOptions(store.sqlite, loaded))
}

/** A URL that cannot be is an error of the variable that holds it. */
function namingVariable({ REDIS_PROVIDER }: NodeJS.ProcessEnv): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof UsageError) || error.code !== 'options.url') throw error
    throw new UsageError(error.code, `${REDIS_PROVIDER || 'REDIS_URL'}: ${error.message}`, { cause: error })
  }
}

/**
 * For who only looks at jobs, and is to make no store where there is none.
 * @throws UsageError `store.missing` when the configuration means a SQLite file that nobody has made yet
 */
export function requireStore(loaded: LoadedConfig, environment = withCredentials(process.env)): void {
  const path = missingFile(loaded, environment)
  if (path === null) return
  throw new UsageError(
    'store.missing',
    `there is no store yet: expected the SQLite file ${path}, which "capstan work", "capstan dev" or the first enqueue ` +
      'makes; if the jobs are elsewhere, go to where their capstan.config.ts is, name it with --config, or set "store" in it',
  )
}

/** The SQLite file that opening the store would make; null when there is a store, or it is elsewhere. */
export function missingFile(loaded: LoadedConfig, environment = withCredentials(process.env)): string | null {
  const store = storeConfigOf(loaded, environment)
  if ('redis' in store) return null
  const { path } = sqliteOptions(store.sqlite, loaded)
  return typeof path !== 'string' || existsSync(path) ? null : path
}

/** With `path` made absolute; where that is missing or misspelt, the store says so itself. */
function sqliteOptions(sqlite: string | SqliteOptions, { directory }: LoadedConfig): SqliteOptions {
  const options = typeof sqlite === 'string' ? { path: sqlite } : sqlite
  const path = typeof options.path === 'string' ? resolve(directory, options.path) : options.path
  return { ...options, path }
}

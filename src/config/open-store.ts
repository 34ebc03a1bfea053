import { resolve } from 'node:path'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { StoreConfig } from './config.ts'
import type { LoadedConfig } from './load-config.ts'

const DEFAULT_FILE = '.capstan/jobs.db'

/** Which store a configuration means; the environment decides only where the configuration says nothing. */
export function storeConfigOf({ config }: LoadedConfig, environment: NodeJS.ProcessEnv): StoreConfig {
  if (config.store !== undefined) return config.store
  const url = environment.REDIS_URL
  return url === undefined || url === '' ? { sqlite: DEFAULT_FILE } : { redis: url }
}

/**
 * Opens the store. Only the driver that is needed is loaded.
 * @throws UsageError, StoreError
 */
export async function openStore(
  runtime: Runtime,
  loaded: LoadedConfig,
  environment = process.env,
): Promise<Store> {
  const store = storeConfigOf(loaded, environment)
  if ('redis' in store) {
    const { openRedisStore } = await import('../store/redis/index.ts')
    return openRedisStore(runtime, typeof store.redis === 'string' ? { url: store.redis } : store.redis)
  }
  const { openSqliteStore } = await import('../store/sqlite/index.ts')
  const options = typeof store.sqlite === 'string' ? { path: store.sqlite } : store.sqlite
  // Where `path` is missing or misspelt, the store says so itself.
  const path = typeof options.path === 'string' ? resolve(loaded.directory, options.path) : options.path
  return openSqliteStore(runtime, { ...options, path })
}

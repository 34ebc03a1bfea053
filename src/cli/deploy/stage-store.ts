import { isAbsolute, posix, relative, resolve } from 'node:path'
import type { LoadedConfig } from '../../config/load-config.ts'
import { storeConfigOf } from '../../config/open-store.ts'
import { DeployError } from '../../deploy/deploy-error.ts'
import type { RedisAddress } from '../../deploy/doctor/probe-redis.ts'
import type { Stage } from '../../deploy/stage.ts'
import { parseAddress } from '../../store/redis/address.ts'

/** Where the workers of a stage keep their jobs. */
export type StageStore =
  | { readonly kind: 'redis'; readonly address: RedisAddress | null }
  /** `path` on the host: absolute, or inside the release. */
  | { readonly kind: 'sqlite'; readonly path: string }
  /** Files on the hosts may say it. */
  | { readonly kind: 'unknown' }

/** What the configuration and the environment of the stage say; what is set on this machine does not count there. */
export function stageStore(loaded: LoadedConfig, stage: Stage): StageStore {
  const { config, directory } = loaded
  const names = ['REDIS_URL', 'REDIS_PROVIDER']
  const isSaid = config.store !== undefined || names.some((name) => stage.environment[name])
  const workers = stage.services.filter((service) => service.type === 'worker')
  const hasFiles = workers.some(
    ({ environmentFiles, credentials }) =>
      environmentFiles.length > 0 || names.some((name) => Object.hasOwn(credentials, name)),
  )
  if (!isSaid && hasFiles) return { kind: 'unknown' }
  const store = storeConfigOf(loaded, { ...stage.environment })
  if ('redis' in store) return { kind: 'redis', address: redisAddress(store.redis) }
  const path = typeof store.sqlite === 'string' ? store.sqlite : store.sqlite.path
  // A path that is missing or misspelt is the store's own affair.
  if (typeof path !== 'string') return { kind: 'unknown' }
  return { kind: 'sqlite', path: isAbsolute(path) ? path : relative(directory, resolve(directory, path)) }
}

function redisAddress(
  redis: string | { readonly url?: string; readonly sentinel?: object },
): RedisAddress | null {
  const { url = 'redis://127.0.0.1:6379', sentinel } = typeof redis === 'string' ? { url: redis } : redis
  const { endpoint, tls: isTls, username, password } = parseAddress(url)
  // Whoever is behind sentinels may be another one tomorrow.
  return sentinel !== undefined || 'path' in endpoint ? null : { ...endpoint, isTls, username, password }
}

/** What is wrong with a stage whose jobs would stay behind in the release that they were enqueued in; null: nothing. */
export function lostStore(
  loaded: LoadedConfig,
  stage: Stage,
): { readonly what: string; readonly fix: string } | null {
  if (!stage.services.some((service) => service.type === 'worker')) return null
  const store = stageStore(loaded, stage)
  if (store.kind !== 'sqlite') return null
  const inside = pathInRelease(stage, store.path)
  if (inside === null || stage.linkedDirs.some((folder) => inside.startsWith(`${folder}/`))) return null
  const folder = posix.dirname(inside)
  const link =
    folder === '.'
      ? 'put the file into a folder of its own and that among linkedDirs'
      : `add '${folder}' to linkedDirs`
  return {
    what: `the jobs of stage ${stage.name} lie in ${inside} inside the release: with the next deploy they would be left behind`,
    fix: `${link}, or name a path outside of the releases, or a Redis (store, or REDIS_URL in environment)`,
  }
}

/**
 * Refuses a stage whose jobs would stay behind.
 * @throws DeployError `deploy.store_in_release`
 */
export function requireLastingStore(loaded: LoadedConfig, stage: Stage): void {
  const lost = lostStore(loaded, stage)
  if (lost !== null) throw new DeployError('deploy.store_in_release', `${lost.what}; ${lost.fix}`)
}

/** Null for a file that stays where it is when releases change. */
function pathInRelease({ layout }: Stage, path: string): string | null {
  if (!isAbsolute(path)) return path.startsWith('../') ? null : path
  if (path.startsWith(`${layout.current}/`)) return path.slice(layout.current.length + 1)
  const [, inside] = path.startsWith(`${layout.releases}/`)
    ? (/^[^/]+\/(.+)$/.exec(path.slice(layout.releases.length + 1)) ?? [])
    : []
  return inside ?? null
}

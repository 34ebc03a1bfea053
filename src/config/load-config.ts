import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { UsageError } from '../kernel/errors.ts'
import { checkConfig } from './check-config.ts'
import type { CapstanConfig } from './config.ts'
import { importFile } from './import-file.ts'
import { type SidekiqYml, sidekiqYml } from './sidekiq-yml.ts'

const FILES = ['capstan.config.ts', 'capstan.config.js', 'capstan.config.mjs']
/** Where Sidekiq looks by itself. The second holds ERB, and saying so is better than passing it over. */
const SIDEKIQ_FILES = ['config/sidekiq.yml', 'config/sidekiq.yml.erb']

export interface LoadedConfig {
  readonly config: CapstanConfig
  /** null when there is none and the defaults hold. */
  readonly file: string | null
  /** What relative paths in it count from. */
  readonly directory: string
  /** What a `sidekiq.yml` that was read has to say besides. */
  readonly sidekiq?: Pick<SidekiqYml, 'origins' | 'notes'>
}

/**
 * The configuration in `directory`, or in the file that was named: a `capstan.config.ts`, or a `sidekiq.yml`, which
 * is then all there is. Of both beside each other, see `CapstanConfig.sidekiqYml`.
 * @throws UsageError `config.missing` for a named file that is not there, `config.broken` for one that cannot be loaded
 */
export async function loadConfig(directory: string, named?: string): Promise<LoadedConfig> {
  const candidates = named === undefined ? [...FILES, ...SIDEKIQ_FILES] : [named]
  const file = candidates.map((name) => resolve(directory, name)).find((path) => existsSync(path))
  if (file === undefined) {
    if (named !== undefined) throw missing(resolve(directory, named))
    return { config: {}, file: null, directory }
  }
  return /\.ya?ml(\.erb)?$/.test(file) ? withSidekiqYml({ config: {}, file, directory }, file) : ours(file)
}

async function ours(file: string): Promise<LoadedConfig> {
  const config = checkConfig((await importFile(file, 'config.broken')).default, basename(file))
  const loaded = { config, file, directory: dirname(file) }
  if (config.sidekiqYml === undefined) return loaded
  const path = resolve(loaded.directory, config.sidekiqYml)
  if (!existsSync(path)) throw missing(path)
  return withSidekiqYml(loaded, path)
}

/** What the configuration has not said is taken from Sidekiq's file. */
async function withSidekiqYml(loaded: LoadedConfig, path: string): Promise<LoadedConfig> {
  const name = relative(loaded.directory, path)
  const { config, origins, notes } = await sidekiqYml(await readFile(path, 'utf8'), name, process.env)
  const taken = Object.entries(origins).filter(([key]) => !Object.hasOwn(loaded.config, key))
  return {
    ...loaded,
    config: checkConfig({ ...config, ...loaded.config }, name),
    sidekiq: { origins: Object.fromEntries(taken), notes },
  }
}

function missing(path: string): UsageError {
  return new UsageError('config.missing', `${path}: there is no such configuration`)
}

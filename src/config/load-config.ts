import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { UsageError } from '../kernel/errors.ts'
import { checkConfig } from './check-config.ts'
import type { CapstanConfig } from './config.ts'
import { importFile } from './import-file.ts'

const FILES = ['capstan.config.ts', 'capstan.config.js', 'capstan.config.mjs']

export interface LoadedConfig {
  readonly config: CapstanConfig
  /** null when there is none and the defaults hold. */
  readonly file: string | null
  /** What relative paths in it count from. */
  readonly directory: string
}

/**
 * The configuration in `directory`, or in the file that was named.
 * @throws UsageError `config.missing` for a named file that is not there, `config.broken` for one that cannot be loaded
 */
export async function loadConfig(directory: string, named?: string): Promise<LoadedConfig> {
  const candidates = named === undefined ? FILES : [named]
  const file = candidates.map((name) => resolve(directory, name)).find((path) => existsSync(path))
  if (file !== undefined)
    return {
      config: checkConfig((await importFile(file, 'config.broken')).default, basename(file)),
      file,
      directory: dirname(file),
    }
  if (named !== undefined)
    throw new UsageError('config.missing', `${resolve(directory, named)}: there is no such configuration`)
  return { config: {}, file: null, directory }
}

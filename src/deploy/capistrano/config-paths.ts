import { isAbsolute, relative, resolve } from 'node:path'
import { CapistranoRun } from './capistrano-run.ts'
import type { Remark } from './remark.ts'
import { rubyStatements } from './ruby-statements.ts'

const DEFAULTS = { deploy_config_path: 'config/deploy.rb', stage_config_path: 'config/deploy' } as const

/** A path from the folder of the project. */
export interface ConfigPath {
  readonly path: string
  /** Says that the Capfile has another path, which is not followed. */
  readonly unfollowed: Remark | null
}

/** Where the settings of all stages are, and the folder of those of each, as the Capfile says it. */
export function configPaths(directory: string, capfile: string): { deploy: ConfigPath; stages: ConfigPath } {
  const run = new CapistranoRun(DEFAULTS.deploy_config_path)
  run.run('Capfile', rubyStatements(capfile))
  const pathOf = (key: keyof typeof DEFAULTS): ConfigPath => {
    const isSaid = run.settings.has(key) || !run.isRead(key)
    if (!isSaid) return { path: DEFAULTS[key], unfollowed: null }
    const path = run.isRead(key) ? inside(directory, run.text(key)) : null
    return path === null ? unfollowed(key, run.placeOf(key)) : { path, unfollowed: null }
  }
  return { deploy: pathOf('deploy_config_path'), stages: pathOf('stage_config_path') }
}

function inside(directory: string, path: string | undefined): string | null {
  if (path === undefined) return null
  const way = relative(directory, resolve(directory, path))
  return way === '' || isAbsolute(way) || /^\.\.(\/|$)/.test(way) ? null : way
}

function unfollowed(key: keyof typeof DEFAULTS, at: string): ConfigPath {
  const path = DEFAULTS[key]
  const text = `set :${key} is not followed, as only a plain path inside the folder is: ${path} is taken in its place`
  return { path, unfollowed: { at, text } }
}

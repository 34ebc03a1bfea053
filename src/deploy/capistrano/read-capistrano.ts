import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../kernel/errors.ts'
import { CapistranoRun } from './capistrano-run.ts'
import { type ConfigPath, configPaths } from './config-paths.ts'
import type { Remark } from './remark.ts'
import { isHook, rubyStatements } from './ruby-statements.ts'
import { RubySymbol } from './ruby-value.ts'

/** A project that Capistrano deploys, as far as its files could be read. */
export interface CapistranoProject {
  readonly stages: ReadonlyMap<string, CapistranoRun>
  /** The version of capistrano-sidekiq in `Gemfile.lock`; null when it is not there. */
  readonly sidekiqVersion: string | null
  readonly remarks: readonly Remark[]
}

const TASKS = 'lib/capistrano/tasks'

/**
 * Reads `Capfile`, `config/deploy.rb` and `config/deploy/*.rb`, or what the Capfile has in place of these. Nothing of
 * it is run.
 * @throws UsageError `import.missing` when there is no deploy.rb or no stage
 */
export async function readCapistrano(directory: string): Promise<CapistranoProject> {
  const read = (name: string) => readFile(join(directory, name), 'utf8').catch(nothing)
  const [capfile, lock] = [(await read('Capfile')) ?? '', await read('Gemfile.lock')]
  const paths = configPaths(directory, capfile)
  const shared = paths.deploy.path
  const deploy = await read(shared)
  const names = await rubyFiles(directory, paths.stages.path)
  if (deploy === null) throw missing(join(directory, shared), paths.deploy)
  if (names.length === 0) throw missing(join(directory, paths.stages.path, 'STAGE.rb'), paths.stages)
  const stages = new Map<string, CapistranoRun>()
  for (const file of names) {
    const run = new CapistranoRun(shared)
    const name = file.replace(/\.rb$/, '')
    const path = `${paths.stages.path}/${name}.rb`
    run.set('stage', new RubySymbol(name), `stage ${name}`)
    run.run('Capfile', rubyStatements(capfile))
    run.run(shared, rubyStatements(deploy))
    run.run(path, rubyStatements((await read(path)) ?? ''))
    stages.set(name, run)
  }
  const unfollowed = [paths.deploy, paths.stages].flatMap((path) => path.unfollowed ?? [])
  const remarks = [...unfollowed, ...(await taskRemarks(directory))]
  return { stages, sidekiqVersion: sidekiqVersion(lock ?? ''), remarks }
}

/** Of tasks only the hooks are looked for: they say when a task is part of a deploy. */
async function taskRemarks(directory: string): Promise<Remark[]> {
  const remarks: Remark[] = []
  for (const name of await rubyFiles(directory, TASKS)) {
    const at = `${TASKS}/${name}`
    const run = new CapistranoRun(at)
    run.remark(
      at,
      'not read: tasks are code: make each a script of the project, and call it in build or in hooks',
    )
    run.run(at, rubyStatements(await readFile(join(directory, at), 'utf8')).filter(isHook))
    remarks.push(...run.remarks)
  }
  return remarks
}

function sidekiqVersion(lock: string): string | null {
  return /^ {4}capistrano-sidekiq \((\d+\.\d+[\w.]*)\)/m.exec(lock)?.[1] ?? null
}

async function rubyFiles(directory: string, folder: string): Promise<string[]> {
  const names = (await readdir(join(directory, folder)).catch(nothing)) ?? []
  return names.filter((name) => /\.(rb|rake|cap)$/.test(name)).sort()
}

function nothing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

function missing(path: string, { unfollowed }: ConfigPath): UsageError {
  return new UsageError(
    'import.missing',
    unfollowed === null
      ? `${path} is not there; name the folder of the Rails project`
      : `${unfollowed.at}: ${unfollowed.text}, and ${path} is not there`,
  )
}

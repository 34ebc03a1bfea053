import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../kernel/errors.ts'
import { CapistranoRun, type Remark } from './capistrano-run.ts'
import { rubyStatements } from './ruby-statements.ts'
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
 * Reads `Capfile`, `config/deploy.rb` and `config/deploy/*.rb`. Nothing of it is run.
 * @throws UsageError `import.missing` when there is no deploy.rb or no stage
 */
export async function readCapistrano(directory: string): Promise<CapistranoProject> {
  const read = (name: string) => readFile(join(directory, name), 'utf8').catch(nothing)
  const shared = 'config/deploy.rb'
  const [capfile, deploy, lock] = await Promise.all([read('Capfile'), read(shared), read('Gemfile.lock')])
  const names = (await rubyFiles(directory, 'config/deploy')).map((name) => name.replace(/\.rb$/, ''))
  if (deploy === null) throw missing(directory, shared)
  if (names.length === 0) throw missing(directory, 'config/deploy/STAGE.rb')
  const stages = new Map<string, CapistranoRun>()
  for (const name of names) {
    const run = new CapistranoRun()
    run.set('stage', new RubySymbol(name), `stage ${name}`)
    run.run('Capfile', rubyStatements(capfile ?? ''))
    run.run(shared, rubyStatements(deploy))
    const file = `config/deploy/${name}.rb`
    run.run(file, rubyStatements((await read(file)) ?? ''))
    stages.set(name, run)
  }
  const tasks = (await rubyFiles(directory, TASKS)).map((name) => ({
    at: `${TASKS}/${name}`,
    text: 'not read: tasks are code: make each a script of the project, and call it in build or in hooks',
  }))
  return { stages, sidekiqVersion: sidekiqVersion(lock ?? ''), remarks: tasks }
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

function missing(directory: string, name: string): UsageError {
  return new UsageError(
    'import.missing',
    `${join(directory, name)} is not there; name the folder of the Rails project`,
  )
}

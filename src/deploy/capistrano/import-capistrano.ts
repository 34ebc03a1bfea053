import { UsageError } from '../../kernel/errors.ts'
import { checkDeployConfig } from '../check-deploy-config.ts'
import type { DeployConfig, DeploySettings, SourceConfig, StageConfig } from '../deploy-config.ts'
import { hostsOf, migrationRole, migrationServer } from './capistrano-hosts.ts'
import type { CapistranoRun } from './capistrano-run.ts'
import { hoisted, withoutEmpty } from './hoist.ts'
import { remarkFeatures, remarkSettings } from './known-settings.ts'
import { railsCommands } from './rails-commands.ts'
import { type CapistranoProject, readCapistrano } from './read-capistrano.ts'
import type { Remark } from './remark.ts'
import { RubyHash, RubySymbol, textOf } from './ruby-value.ts'
import { sidekiqServices } from './sidekiq-services.ts'

export interface CapistranoImport {
  readonly config: DeployConfig
  /** What was not read or changes its meaning, each once; first that for which hosts are missing. */
  readonly remarks: readonly Remark[]
}

const DEFAULT_BRANCH = 'master' // of Capistrano

/**
 * A configuration that deploys as Capistrano does, from its files in a project.
 * @throws UsageError `import.missing`, or what a check of the configuration throws
 */
export async function importCapistrano(directory: string): Promise<CapistranoImport> {
  const project = await readCapistrano(directory)
  const stages: Record<string, StageConfig> = {}
  const remarks = [...project.remarks]
  let application = ''
  for (const [name, run] of project.stages) {
    if (!['', nameOf(run)].includes(application))
      run.remark(
        `stage ${name}`,
        `changed: its application was called ${nameOf(run)}; ${application} holds for all stages now`,
      )
    application ||= nameOf(run)
    const stage = stageOf(run, name, project)
    if (stage.hosts.length > 0) stages[name] = stage
    else run.lose(`stage ${name}`, 'dropped: no server of it was read')
    remarkSettings(run)
    remarkFeatures(run)
    remarks.push(...run.remarks)
  }
  if (Object.keys(stages).length === 0) throw noStage(remarks)
  const config = { application, ...hoisted(stages) }
  return { config: checkDeployConfig(config, 'deploy'), remarks: inOrder(remarks) }
}

function noStage(remarks: readonly Remark[]): UsageError {
  const lines = inOrder(remarks).map(({ at, text }) => `${at}: ${text}`)
  return new UsageError('import.missing', ['no server of any stage was read:', ...lines].join('\n'))
}

function nameOf(run: CapistranoRun): string {
  const name = run.text('application')
  if (name === undefined)
    throw new UsageError('import.missing', `${run.deployFile}: set :application was not found`)
  return name
}

function stageOf(run: CapistranoRun, stage: string, { sidekiqVersion }: CapistranoProject): StageConfig {
  const application = nameOf(run)
  const deployTo = run.text('deploy_to') ?? `/var/www/${application}`
  const rails = railsCommands(run, stage, deployTo)
  const keep = run.value('keep_releases')
  const settings: DeploySettings = {
    source: sourceOf(run),
    deployTo,
    ...(typeof keep === 'number' ? { keep } : {}),
    ...linksOf(run, rails.linkedDirs ?? []),
    environment: { ...rails.environment, ...defaultEnvironment(run) },
    build: rails.build ?? [],
    ...migrationOf(run, stage, rails.migrate),
    services: sidekiqServices(run, { stage, application, version: sidekiqVersion }),
  }
  return { ...withoutEmpty(settings), hosts: hostsOf(run) }
}

/** Where no host has its role nothing was migrated, and nothing is. */
function migrationOf(
  run: CapistranoRun,
  stage: string,
  migrate: DeploySettings['migrate'],
): Pick<DeploySettings, 'migrate'> {
  if (migrate === undefined) return {}
  if (migrationServer(run) !== undefined) return { migrate }
  run.remark(
    `stage ${stage}`,
    `left out: migrate: no host that is deployed to has the role ${migrationRole(run)}, so Capistrano migrated nowhere; write it where one should`,
  )
  return {}
}

function sourceOf(run: CapistranoRun): SourceConfig {
  const git = run.text('repo_url')
  if (git === undefined) {
    run.remark(
      run.deployFile,
      'changed: repo_url was not found, so the folder of the configuration is uploaded',
    )
    return { upload: '.' }
  }
  const [branch, tree] = [branchOf(run), run.text('repo_tree')]
  return { git, ...(branch === undefined ? {} : { branch }), ...(tree === undefined ? {} : { tree }) }
}

/** undefined where only a person, or code, says which. */
function branchOf(run: CapistranoRun): string | undefined {
  const branch = run.text('branch')
  if (branch !== undefined && run.isRead('branch')) return branch
  if (run.isRead('branch') && !run.settings.has('branch')) {
    run.remark(
      run.deployFile,
      `written: source.branch '${DEFAULT_BRANCH}', which Capistrano deploys where no branch is set`,
    )
    return DEFAULT_BRANCH
  }
  run.remark(
    run.placeOf('branch'),
    "left out: source.branch: until it is written, the repository's own HEAD is deployed",
  )
  return undefined
}

/** Paths in their shortest form; what lies in a folder that is linked itself needs no link. */
function linksOf(
  run: CapistranoRun,
  more: readonly string[],
): Pick<DeploySettings, 'linkedFiles' | 'linkedDirs'> {
  const read = (key: string) => (run.texts(key) ?? []).map((path) => path.replace(/^(\.\/)+|\/+$/g, ''))
  const folders = [...new Set([...read('linked_dirs'), ...more])]
  const isInner = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`))
  const files = [...new Set(read('linked_files'))]
  for (const inner of [...files, ...folders].filter(isInner))
    run.remark(run.placeOf('linked_dirs'), `dropped: ${inner}: it lies in a folder that is linked as a whole`)
  return {
    linkedFiles: files.filter((path) => !isInner(path)),
    linkedDirs: folders.filter((path) => !isInner(path)),
  }
}

/** Names that are symbols were written in capitals, and values were expanded by the host's shell. */
function defaultEnvironment(run: CapistranoRun): Record<string, string> {
  const set = run.value('default_env')
  const environment: Record<string, string> = {}
  for (const [key, value] of set instanceof RubyHash ? set.entries : []) {
    const name = key instanceof RubySymbol ? key.name.toUpperCase() : textOf(key)
    const text = typeof value === 'object' && !(value instanceof RubySymbol) ? undefined : textOf(value)
    if (text !== undefined && !/[$`]/.test(text)) environment[name] = text
    else
      run.remark(
        run.placeOf('default_env'),
        `dropped: ${name} of default_env: values are not expanded here; write it into the commands that need it`,
      )
  }
  return environment
}

/** Each once, and first what leaves hosts on old code. */
function inOrder(remarks: readonly Remark[]): Remark[] {
  const byText = new Map(remarks.map((remark) => [`${remark.at} ${remark.text}`, remark]))
  const distinct = [...byText.values()]
  return [
    ...distinct.filter(({ hostsMissing }) => hostsMissing),
    ...distinct.filter((each) => !each.hostsMissing),
  ]
}

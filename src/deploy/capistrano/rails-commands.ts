import type { CommandLine, DeploySettings } from '../deploy-config.ts'
import type { CapistranoRun } from './capistrano-run.ts'

const DEFAULT_JOBS = 4 // of capistrano-bundler

type Commands = Pick<DeploySettings, 'build' | 'migrate' | 'environment' | 'linkedDirs'>

/** What the plugins for Bundler and Rails did in a deploy, as commands in the release. */
export function railsCommands(run: CapistranoRun, stage: string, deployTo: string): Commands {
  const { bundler, assets, migrations } = featuresOf(run)
  const ruby = rubyPrefix(run)
  const isRails = assets || migrations
  if (assets) {
    run.remark(
      'Capfile',
      'assets were compiled on hosts with the role web alone; build runs on every host of a stage',
    )
  }
  return {
    build: [
      ...(bundler ? bundleInstall(run, ruby, deployTo) : []),
      ...(assets ? [`${ruby}bundle exec rake assets:precompile`] : []),
    ],
    ...(migrations ? { migrate: migration(run, ruby) } : {}),
    environment: {
      ...(isRails || run.settings.has('rails_env') ? { RAILS_ENV: run.text('rails_env') ?? stage } : {}),
      ...rbenvVersion(run),
    },
    linkedDirs: assets ? [`public/${run.text('assets_prefix') ?? 'assets'}`] : [],
  }
}

function featuresOf({ required }: CapistranoRun) {
  const all = required.has('capistrano/rails')
  return {
    bundler: all || required.has('capistrano/bundler'),
    assets: all || required.has('capistrano/rails/assets'),
    migrations: all || required.has('capistrano/rails/migrations'),
  }
}

function bundleInstall(run: CapistranoRun, ruby: string, deployTo: string): CommandLine[] {
  const path = run.text('bundle_path') ?? `${deployTo}/shared/bundle`
  const without = (run.texts('bundle_without') ?? ['development', 'test']).join(' ')
  const jobs = run.text('bundle_jobs') ?? DEFAULT_JOBS
  return [
    `${ruby}bundle config set --local deployment true`,
    `${ruby}bundle config set --local path ${quoted(path)}`,
    `${ruby}bundle config set --local without ${quoted(without)}`,
    `${ruby}bundle install --quiet --jobs ${jobs}`,
  ]
}

function migration(run: CapistranoRun, ruby: string): CommandLine {
  if (run.value('conditionally_migrate') === true) {
    run.remark(
      run.placeOf('conditionally_migrate'),
      'changed: the migration runs at every deploy, also when db/ is the same',
    )
  }
  return `${ruby}bundle exec rake ${run.text('migration_command') ?? 'db:migrate'}`
}

/** How the version manager of the host is asked for its Ruby. */
function rubyPrefix(run: CapistranoRun): string {
  if (run.required.has('capistrano/rbenv')) {
    const system = (run.text('rbenv_type') ?? 'user') === 'system'
    const root = run.text('rbenv_path') ?? (system ? '/usr/local/rbenv' : '$HOME/.rbenv')
    return `${root.replace(/^~/, '$HOME')}/bin/rbenv exec `
  }
  if (run.required.has('capistrano/rvm')) {
    return `$HOME/.rvm/bin/rvm ${run.text('rvm_ruby_version') ?? 'default'} do `
  }
  return ''
}

function rbenvVersion(run: CapistranoRun): Record<string, string> {
  const version = run.required.has('capistrano/rbenv') ? run.text('rbenv_ruby') : undefined
  return version === undefined ? {} : { RBENV_VERSION: version }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

import type { CapistranoRun } from './capistrano-run.ts'

/** Settings that are taken over elsewhere, where what uses them is there. */
const TAKEN = new Set([
  ...['application', 'repo_url', 'branch', 'repo_tree', 'deploy_to', 'keep_releases', 'default_env'],
  ...[
    'linked_files',
    'linked_dirs',
    'rails_env',
    'migration_role',
    'migration_command',
    'conditionally_migrate',
  ],
  ...[
    'bundle_path',
    'bundle_without',
    'bundle_jobs',
    'rbenv_type',
    'rbenv_path',
    'rbenv_ruby',
    'assets_prefix',
  ],
  ...['rvm_ruby_version', 'sidekiq_roles', 'sidekiq_role', 'sidekiq_service_unit_user', 'service_unit_user'],
  ...['sidekiq_systemctl_user', 'sidekiq_service_unit_name', 'sidekiq_config_files', 'sidekiq_processes'],
  ...['sidekiq_timeout', 'sidekiq_default_hooks', 'ssh_options'],
])

/** Settings that mean nothing here. */
const WITHOUT_MEANING = new Set([
  ...[
    'log_level',
    'format',
    'format_options',
    'pty',
    'tmp_dir',
    'scm',
    'deploy_via',
    'use_sudo',
    'local_user',
  ],
  ...['print_config_variables', 'sshkit_backend', 'git_wrapper_path', 'git_shallow_clone', 'stages'],
  ...['default_stage', 'rbenv_map_bins', 'rbenv_prefix', 'rbenv_roles', 'rvm_map_bins', 'bundle_flags'],
  ...['bundle_roles', 'bundle_binstubs', 'bundle_env_variables', 'chruby_map_bins', 'locale', 'init_system'],
])

const ADVICE: Readonly<Record<string, string>> = {
  user: 'Capistrano did not log in by it: users are said with each host',
  keep_assets: 'old assets are not removed here; shared/public/assets keeps them',
  assets_roles: 'build runs on every host of a stage',
  migration_servers: 'mark the host with primary: true',
  default_shell: 'commands run in the sh of the host',
  connection_timeout: 'write ConnectTimeout into ~/.ssh/config',
  filter: 'use --hosts and --roles, or a stage of its own',
  revision_log_message: 'revisions.log is written as Capistrano does by default, so that both can read it',
}

/** Made for each stage by Capistrano itself, or seen to before a stage is read. */
const SEEN_TO = ['stage', 'deploy_config_path', 'stage_config_path']
const UNUSED = 'nothing that the Capfile loads uses it'
const NO_MEANING = 'it has no meaning here'
const IN_THE_UNIT = 'it stays in the unit, which is left as it is'
const OWN = 'it is a setting of your own: what reads it has to be written anew'
const SERVER_OF: ReadonlyArray<readonly [RegExp, string]> = [
  [/^sidekiq_|^service_unit_|^systemctl_/, IN_THE_UNIT],
  [/^puma_/, "keep it in the unit; a service { type: 'unit', unit: … } restarts it at each deploy"],
  [/^passenger_/, "write hooks: { 'after:publish': ['touch tmp/restart.txt'] }"],
]

/** Remarks on settings that have no place in a configuration of ours. */
export function remarkSettings(run: CapistranoRun): void {
  for (const key of run.settings) {
    if (SEEN_TO.includes(key) || (TAKEN.has(key) && run.isUsed(key))) continue
    run.remark(run.placeOf(key), `dropped: ${key}: ${adviceOn(key)}`)
  }
}

function adviceOn(key: string): string {
  if (TAKEN.has(key)) return UNUSED
  if (WITHOUT_MEANING.has(key)) return NO_MEANING
  return ADVICE[key] ?? SERVER_OF.find(([pattern]) => pattern.test(key))?.[1] ?? OWN
}

const KNOWN_FEATURES =
  /^capistrano\/(setup|deploy|console|scm\/git|bundler|rails|rails\/(assets|migrations)|sidekiq|sidekiq\/systemd|rbenv|rvm|dotenv)$|^Capistrano::(SCM::Git(::.*)?|Sidekiq(::\w+)?)$/

const FEATURE_ADVICE: Readonly<Record<string, string>> = {
  'capistrano/npm': "add 'npm ci' to build",
  'capistrano/yarn': "add 'yarn install --frozen-lockfile' to build",
  'capistrano/passenger': "write hooks: { 'after:publish': ['touch tmp/restart.txt'] }",
  'capistrano/puma': "write a service { type: 'unit', unit: … } with the name of puma's unit",
}

/** Remarks on plugins whose work is not taken over. */
export function remarkFeatures(run: CapistranoRun): void {
  for (const feature of run.required) {
    if (KNOWN_FEATURES.test(feature)) continue
    const advice =
      FEATURE_ADVICE[feature] ??
      'what it does in a deploy has to be written as build, migrate, a service or a hook'
    run.remark('Capfile', `dropped: ${feature}: ${advice}`)
  }
}

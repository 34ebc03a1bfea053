/** Where a setting is in a configuration of ours, by the name that Capistrano has for it. */
const PATHS: Readonly<Record<string, string>> = {
  branch: 'source.branch',
  repo_url: 'source.git',
  repo_tree: 'source.tree',
  deploy_to: 'deployTo',
  keep_releases: 'keep',
  rails_env: 'environment.RAILS_ENV',
  rbenv_ruby: 'environment.RBENV_VERSION',
}

/**
 * What is said of a plain value that is taken from behind a variable of the one who deploys.
 * @param setting that has the value; null where no single one has it
 */
export function variableAdvice(variable: string, setting: string | null): string {
  const path = setting === null ? undefined : PATHS[setting]
  const atDeploy = path === undefined ? '' : `give another one at a deploy with --set ${path}=…, or `
  return `the variable ${variable} came first; the value behind it is taken: ${atDeploy}write process.env.${variable} as in any TypeScript`
}

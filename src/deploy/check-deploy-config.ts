import {
  type Check,
  distinct,
  invalid,
  isDuration,
  listOf,
  objectAt,
  oneOf,
  recordOf,
  refuseUnknown,
  shape,
  textLike,
  that,
  wholeNumber,
} from '../kernel/check.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkServices } from './check-services.ts'
import { absolutePath, commandLine, environment, relativePath, role } from './checks.ts'
import { type DeployConfig, type DeploySettings, PHASES, type StageConfig } from './deploy-config.ts'
import { addressOf, hostName, isPort, isUserName, parseHost } from './parse-host.ts'

/** Capistrano's own words: a stage of that name could not be deployed by it any more. */
const RESERVED_STAGES = ['deploy', 'doctor', 'install']

const APPLICATION = textLike(
  'letters, digits, dots, hyphens and underscores (the first a letter, a digit or an underscore)',
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
)

const STAGE_NAME: Check = (value, where) => {
  textLike('letters, digits, dots, hyphens and underscores', /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)(value, where)
  if (RESERVED_STAGES.includes(value as string))
    throw new UsageError('config.invalid', `${where}: the name is reserved; call the stage something else`)
}

// A word that begins with a hyphen would be an option to git.
const gitWord = textLike('a name without spaces that does not begin with a hyphen', /^[^\s-]\S*$/)
const gitSource = shape({ git: gitWord, branch: gitWord, tree: relativePath }, ['git'])
const uploadSource = shape({ upload: textLike('a folder of this machine', /^[^\n]+$/) })
const artifactSource = shape({ artifact: textLike('a .tar.gz file', /^[^\n]+\.(tar\.gz|tgz)$/) })

const source: Check = (value, where) => {
  const kinds = Object.keys(objectAt(value, where)).filter((key) =>
    ['git', 'upload', 'artifact'].includes(key),
  )
  if (kinds.length > 1)
    throw new UsageError('config.invalid', `${where}: expected one of ${kinds.join(' and ')}, not both`)
  if (kinds[0] === 'git') return gitSource(value, where)
  if (kinds[0] === 'upload') return uploadSource(value, where)
  if (kinds[0] === 'artifact') return artifactSource(value, where)
  refuseUnknown(Object.keys(value as object), ['git', 'upload', 'artifact', 'branch', 'tree'], where)
  throw new UsageError('config.invalid', `${where}: expected { git: … }, { upload: … } or { artifact: … }`)
}

const batch = that(
  "a whole number from 1, or '1%' to '100%'",
  (value) =>
    (Number.isSafeInteger(value) && (value as number) >= 1) ||
    (typeof value === 'string' && /^([1-9]\d?|100)%$/.test(value)),
)

const node: Check = (value, where) =>
  typeof value === 'string' && value.startsWith('/')
    ? absolutePath(value, where)
    : oneOf('host', 'release')(value, where)

const hook: Check = (value, where) => {
  if (typeof value !== 'function') commandLine(value, where)
}
const HOOKED = PHASES.filter((phase) => phase !== 'preflight')
const HOOK_NAMES = [...HOOKED.flatMap((phase) => [`before:${phase}`, `after:${phase}`]), 'failed']

const SETTINGS: Readonly<Record<keyof DeploySettings, Check>> = {
  source,
  deployTo: absolutePath,
  keep: wholeNumber(1),
  linkedFiles: distinct(relativePath),
  linkedDirs: distinct(relativePath),
  environment,
  build: listOf(commandLine),
  migrate: commandLine,
  services: checkServices,
  batch,
  soak: isDuration,
  onFailure: oneOf('revert', 'stop'),
  ssh: listOf(textLike('an option of ssh, a word each', /^[^\n\0]+$/)),
  node,
  hooks: shape(Object.fromEntries(HOOK_NAMES.map((name) => [name, listOf(hook)]))),
}

const HOST = shape(
  {
    host: (value, where) => void parseHost(value, where),
    user: that('the name of a user', isUserName),
    port: that('a port from 1 to 65535', isPort),
    roles: distinct(role),
    primary: that('true or false', (value) => typeof value === 'boolean'),
    properties: recordOf(
      () => {},
      that('a text, a number, true or false', (value) =>
        ['string', 'number', 'boolean'].includes(typeof value),
      ),
    ),
  },
  ['host'],
)

const host: Check = (value, where) => {
  if (typeof value !== 'object') return void parseHost(value, where)
  HOST(value, where)
  const { host: text, ...said } = value as StageConfig['hosts'][number] & object
  const parsed = parseHost(text, where)
  for (const key of ['user', 'port'] as const) {
    if (parsed[key] !== undefined && said[key] !== undefined)
      throw new UsageError('config.invalid', `${where}: ${key} is said twice, in host and beside it`)
  }
}

const hosts: Check = (value, where) => {
  listOf(host, 1)(value, where)
  const list = value as StageConfig['hosts']
  // Names of hosts are the same in capitals.
  const names = list.map((each, index) => hostName(addressOf(each, `${where}[${index}]`)).toLowerCase())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError('config.invalid', `${where}: ${twice} is there twice`)
  if (list.filter((each) => typeof each === 'object' && each.primary).length > 1)
    throw new UsageError('config.invalid', `${where}: only one host may be primary`)
}

const STAGE = shape({ ...SETTINGS, hosts }, ['hosts'])

const stages: Check = (value, where) => {
  recordOf(STAGE_NAME, STAGE)(value, where)
  if (Object.keys(value as object).length === 0) throw invalid(where, 'at least one stage', value)
}

const DEPLOY = shape({ ...SETTINGS, application: APPLICATION, stages }, ['application', 'stages'])

/**
 * Checks the deploy part of a configuration that may come from plain JavaScript.
 * @param where its path, as in `capstan.config.ts: deploy`
 * @throws UsageError `config.invalid`, `options.unknown` or `options.duration`, with the path of the value
 */
export function checkDeployConfig(deploy: unknown, where: string): DeployConfig {
  DEPLOY(deploy, where)
  const config = deploy as DeployConfig
  for (const [name, stage] of Object.entries(config.stages))
    checkLinks({ ...config, ...stage }, `${where}.stages.${name}`)
  return config
}

/** Checks what is said for all stages or for one, such as what `--set` made of it. */
export function checkDeploySettings(settings: DeploySettings, where: string): void {
  shape(SETTINGS)(settings, where)
  checkLinks(settings, where)
}

/** A link inside a linked folder would be made in `shared`, for all releases at once. */
function checkLinks({ linkedFiles = [], linkedDirs = [] }: DeploySettings, where: string): void {
  for (const path of [...linkedFiles, ...linkedDirs]) {
    const outer = linkedDirs.find((folder) => path.startsWith(`${folder}/`))
    if (outer !== undefined)
      throw new UsageError('config.invalid', `${where}: ${path} lies in ${outer}, which is linked as a whole`)
    if (linkedFiles.includes(path) && linkedDirs.includes(path))
      throw new UsageError('config.invalid', `${where}: ${path} is both a linked file and a linked folder`)
  }
}

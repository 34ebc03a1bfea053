import { UsageError } from '../kernel/errors.ts'
import type { ServiceManager } from './directive.ts'
import type { Hardening } from './hardening.ts'

/** What a worker's unit is made of. Paths are absolute. */
export interface WorkerUnitOptions {
  readonly application: string
  /** Name of the service within the application, such as `worker`. */
  readonly service: string
  readonly deployTo: string
  /** Who it runs as; needed in the system's manager, unused in a user's. */
  readonly user?: string
  /** Says that `user` may be root. */
  readonly allowRoot?: boolean
  readonly manager: ServiceManager
  /** The program, such as `/usr/bin/node`; `release`: the one that the release brings as its `node` package. */
  readonly node: string
  /** `template`: an instance for each release and process. `fixed`: one unit on `current`. */
  readonly shape: 'template' | 'fixed'
  /** Options of `capstan work`. */
  readonly options?: readonly string[]
  /** How long the worker lets jobs go on at a stop. */
  readonly timeoutMs: number
  readonly environment?: Readonly<Record<string, string>>
  readonly environmentFiles?: readonly string[]
  /** The name of one in the release; it may be missing, and the other files win over it. */
  readonly ownEnvironmentFile?: string
  /** Name and file of each. */
  readonly credentials?: Readonly<Record<string, string>>
  readonly hardening?: Hardening
  /** May be written besides `shared` under `strict`. */
  readonly writable?: readonly string[]
  /** As systemd writes it: `500M`, `2G`, `50%`. */
  readonly memoryMax?: string
}

interface Form {
  readonly form: RegExp
  readonly expected: string
}

const NAME: Form = {
  form: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
  expected: 'letters, digits, dots, hyphens and underscores',
}
const USER: Form = { form: /^[A-Za-z_][A-Za-z0-9_.-]*\$?$|^\d+$/, expected: 'the name of a user' }
const VARIABLE: Form = { form: /^[A-Za-z_][A-Za-z0-9_]*$/, expected: 'the name of a variable' }
const MEMORY: Form = {
  form: /^(\d+(\.\d+)?[KMGT]?|\d+(\.\d+)?%|infinity)$/,
  expected: 'a size such as 500M, 2G or 50%',
}
const PATH: Form = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be in there
  form: /^\/(?:[^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f\\])?$/,
  expected: 'an absolute path on one line',
}
// systemd replaces variables in arguments, but neither them nor `$$` in the path of the program.
const NODE: Form = {
  form: /^\/[^\s$"'\\]+$/,
  expected: 'the absolute path of a node, without spaces, quotes and $',
}

/** @throws UsageError naming the option, what was expected and what was given */
export function checkWorkerUnit(options: WorkerUnitOptions): void {
  const { manager, user, allowRoot = false } = options
  if (manager === 'system' && !allowRoot && (!user || user === 'root' || /^0+$/.test(user)))
    throw rootRefused(user)
  check('application', options.application, NAME)
  check('service', options.service, NAME)
  check('node', options.node === 'release' ? options.deployTo : options.node, NODE)
  if (user) check('user', user, USER)
  if (options.memoryMax !== undefined) check('memoryMax', options.memoryMax, MEMORY)
  for (const name of Object.keys(options.environment ?? {})) check('environment', name, VARIABLE)
  for (const name of Object.keys(options.credentials ?? {})) check('credentials', name, NAME)
  const { deployTo, environmentFiles = [], credentials = {}, writable = [] } = options
  const paths = { deployTo, environmentFiles, credentials: Object.values(credentials), writable }
  for (const [name, given] of Object.entries(paths)) {
    for (const path of [given].flat()) check(name, path.replace(/^-(?=\/)/, ''), PATH)
  }
}

function check(name: string, value: string, { form, expected }: Form): void {
  if (form.test(value)) return
  throw new UsageError('unit.value', `${name}: expected ${expected}, got ${JSON.stringify(value)}`)
}

function rootRefused(user: string | undefined): UsageError {
  const got = user === undefined || user === '' ? 'none' : `"${user}"`
  return new UsageError(
    'unit.root',
    `user: expected somebody who is not root, got ${got}; jobs of a worker that runs as root can do anything: name whoever owns the releases, with --user or as user in the configuration (if root is wanted: --root, or user: 'root')`,
  )
}

const HIDDEN = '***'

const SECRET_NAME =
  /secret|token|passw|pwd|passphrase|credential|private|api[-_]?key|access[-_]?key|auth|dsn|(license|master)[-_]?key/i

/** `NAME=value` in a command line. */
const ASSIGNMENT = /(\b[A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S+)/g
/** `--name value` and `--name=value`. */
const OPTION = /(--[A-Za-z][\w-]*)([= ])("[^"]*"|'[^']*'|[^\s-]\S*)/g
/** What stands before the host of an http address: a password, or a token in its place. */
const LOGIN = /(\w+:\/\/)[^\s/]+@/g

/** Whether a value of this name is likely to be a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** A text with what looks like a secret hidden: logins of addresses, and values of names that sound like secrets. */
export function masked(text: string): string {
  const hidden = (whole: string, name: string) =>
    isSecretName(name) ? `${whole.slice(0, name.length + 1)}${HIDDEN}` : whole
  return text.replace(LOGIN, loginHidden).replace(ASSIGNMENT, hidden).replace(OPTION, hidden)
}

/** The login of `ssh://` is a user's name, which is no secret. */
function loginHidden(whole: string, scheme: string): string {
  return scheme === 'ssh://' && !whole.slice(scheme.length).includes(':') ? whole : `${scheme}${HIDDEN}@`
}

/** Variables that say how a program runs, by which an import is verified. What they hold is never a secret. */
const PUBLIC_VARIABLES = new Set([
  ...['RAILS_ENV', 'RACK_ENV', 'NODE_ENV', 'APP_ENV', 'HANAMI_ENV'],
  ...['TZ', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE'],
  ...['LOG_LEVEL', 'RAILS_LOG_LEVEL', 'RAILS_LOG_TO_STDOUT', 'RAILS_SERVE_STATIC_FILES'],
  ...['PORT', 'RAILS_MAX_THREADS', 'WEB_CONCURRENCY', 'MALLOC_ARENA_MAX', 'UV_THREADPOOL_SIZE'],
])

/** The value of a setting, for showing to people: of `environment` only what is known to be no secret is shown. */
export function maskedSetting(path: string, value: unknown): unknown {
  if (isHiddenVariable(path) || isSecretName(path.slice(path.lastIndexOf('.') + 1))) return HIDDEN
  if (typeof value === 'string') return masked(value)
  if (!Array.isArray(value)) return value
  return value.map((each, index) => (isSecretOption(value[index - 1]) ? HIDDEN : maskedSetting(path, each)))
}

function isHiddenVariable(path: string): boolean {
  const [section, name = ''] = path.split('.', 2)
  return section === 'environment' && !PUBLIC_VARIABLES.has(name)
}

/** Among the arguments of a program, what follows such an option is its value. */
function isSecretOption(word: unknown): boolean {
  return typeof word === 'string' && /^--[^=\s]+$/.test(word) && isSecretName(word)
}

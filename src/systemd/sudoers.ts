import { UsageError } from '../kernel/errors.ts'
import { SYSTEMCTL, type SystemctlVerb, systemctlWords } from './systemctl.ts'

export interface SudoersOptions {
  readonly application: string
  /** Who may run the commands. */
  readonly user: string
  readonly rights: readonly UnitRights[]
  /** Instances as one anchored regular expression: sudo 1.9.10 and later. Default: in a way that every sudo reads. */
  readonly regularExpressions?: boolean
}

export interface UnitRights {
  /** A full name; `NAME@.service` stands for all instances that a deploy makes. */
  readonly unit: string
  readonly verbs: readonly SystemctlVerb[]
}

/** Digits of a release, `YYYYMMDDHHMMSS`. */
const RELEASE_DIGITS = 14
/** Two digits of processes: more than any machine has use for. */
const PROCESS_DIGITS = [1, 2]

const UNIT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@?(?:[A-Za-z0-9_.-]+)?\.(?:service|target|socket|timer)$/
const USER = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/

/** Where the file belongs; sudo ignores names with a dot. */
export function sudoersPath(application: string): string {
  return `/etc/sudoers.d/capstan-${application.replaceAll('.', '_')}`
}

/**
 * A sudoers file that allows exactly these commands for exactly these units, one line each.
 * @throws UsageError `sudoers.value` for a user or unit that sudo would read otherwise
 */
export function sudoersFile({
  application,
  user,
  rights,
  regularExpressions = false,
}: SudoersOptions): string {
  check('user', user, USER)
  const lines = rights.flatMap((right) => sudoersRules(user, right, regularExpressions))
  return [
    `# What a deploy of ${application} may do as root: these commands for these units, and nothing else.`,
    `# Install as root: visudo -cf FILE && install -o root -g root -m 0440 FILE ${sudoersPath(application)}`,
    ...lines,
    '',
  ].join('\n')
}

/** The lines of such a file that concern one unit. */
export function sudoersRules(
  user: string,
  { unit, verbs }: UnitRights,
  regularExpressions = false,
): string[] {
  check('unit', unit, UNIT)
  const commands = verbs.flatMap((verb) => commandsFor(verb, unit, regularExpressions))
  return commands.map((command) => `${user} ALL=(root) NOPASSWD: ${command}`)
}

function commandsFor(verb: SystemctlVerb, unit: string, regularExpressions: boolean): string[] {
  if (!unit.includes('@.')) return [`${SYSTEMCTL} ${escaped(systemctlWords(verb, unit).join(' '))}`]
  const [before, after] = unit.split('@.') as [string, string]
  if (regularExpressions) {
    const instance = `[0-9]{${RELEASE_DIGITS}}-[0-9]{1,${PROCESS_DIGITS.at(-1)}}`
    const words = systemctlWords(verb, `${dotted(before)}@${instance}\\.${after}`)
    return [`${SYSTEMCTL} ^${words.join(' ')}$`]
  }
  // A bracket matches one digit and never a space; `*` would match " sshd.service", too.
  return PROCESS_DIGITS.map((digits) => {
    const instance = `${'[0-9]'.repeat(RELEASE_DIGITS)}-${'[0-9]'.repeat(digits)}`
    return `${SYSTEMCTL} ${escaped(systemctlWords(verb, `${before}@${instance}.${after}`).join(' '))}`
  })
}

/** What has a meaning in sudoers even in arguments. */
function escaped(text: string): string {
  return text.replace(/[,:=\\]/g, '\\$&')
}

function dotted(text: string): string {
  return text.replaceAll('.', '\\.')
}

function check(what: string, value: string, form: RegExp): void {
  if (form.test(value)) return
  throw new UsageError(
    'sudoers.value',
    `${what}: expected a plain name${what === 'unit' ? ' that ends in .service' : ''}, got ${JSON.stringify(value)}`,
  )
}

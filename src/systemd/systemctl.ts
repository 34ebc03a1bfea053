import type { ServiceManager } from './directive.ts'

/** The one table of commands that change units. What sudo allows is written from it, word for word. */
const WORDS = {
  start: ['start'],
  stop: ['stop'],
  restart: ['restart'],
  'reset-failed': ['reset-failed'],
  // --kill-who is understood by all versions; the --kill-whom that replaces it only from 252 on.
  quiet: ['kill', '--kill-who=main', '-s', 'TSTP'],
  'enable --now': ['enable', '--now'],
  'disable --now': ['disable', '--now'],
  'disable --now --no-block': ['disable', '--now', '--no-block'],
} as const satisfies Record<string, readonly string[]>

export type SystemctlVerb = keyof typeof WORDS

/** What deploys do to a worker's instances, which come and go with releases. */
export const TEMPLATE_VERBS: readonly SystemctlVerb[] = [
  ...(['enable --now', 'disable --now', 'disable --now --no-block'] as const),
  ...(['restart', 'quiet', 'reset-failed'] as const),
]
/** What deploys do to a Sidekiq, whose unit stays. */
export const FIXED_VERBS: readonly SystemctlVerb[] = ['start', 'stop', 'restart', 'quiet', 'reset-failed']
/** What they do to the unit of any other program: to most of them TSTP is no order to take less work. */
export const UNIT_VERBS: readonly SystemctlVerb[] = FIXED_VERBS.filter((verb) => verb !== 'quiet')

/** sudo compares paths; this is where systemctl is on every merged /usr, and it is found there by its old name, too. */
export const SYSTEMCTL = '/usr/bin/systemctl'

/** The words behind `systemctl`. @param unit its full name, `.service` included: sudo compares byte by byte */
export function systemctlWords(verb: SystemctlVerb, unit: string): string[] {
  return [...WORDS[verb], unit]
}

/** The whole command. The user's manager needs no rights; it needs XDG_RUNTIME_DIR. */
export function systemctl(verb: SystemctlVerb, unit: string, manager: ServiceManager): string[] {
  const words = systemctlWords(verb, unit)
  return manager === 'system' ? ['sudo', '-n', SYSTEMCTL, ...words] : ['systemctl', '--user', ...words]
}

import { fstatSync } from 'node:fs'

/** Whether systemd has connected this file descriptor to its journal. See JOURNAL_STREAM in systemd.exec(5). */
export function isJournal(environment: NodeJS.ProcessEnv, fileDescriptor: number): boolean {
  const { JOURNAL_STREAM } = environment
  if (!JOURNAL_STREAM) return false
  try {
    // Whoever redirects a service's output leaves the variable as it is.
    const { dev, ino } = fstatSync(fileDescriptor, { bigint: true })
    return JOURNAL_STREAM === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** As syslog(3) numbers them. */
const PRIORITIES = { debug: 7, info: 6, warn: 4, error: 3 } as const

export type Level = keyof typeof PRIORITIES

/** What makes a line of plain text one of this priority in the journal. */
export function linePrefix(level: Level): string {
  return `<${PRIORITIES[level]}>`
}

export interface JournalEntry {
  readonly level: Level
  readonly message: string
  /** Who speaks, as in `journalctl --identifier`. */
  readonly identifier: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The fields of an entry for `sd_journal_sendv`: `elapsedMs` becomes `ELAPSED_MS`. */
export function journalFields({ level, message, identifier, fields }: JournalEntry): string[] {
  return [
    `MESSAGE=${message}`,
    `PRIORITY=${PRIORITIES[level]}`,
    `SYSLOG_IDENTIFIER=${identifier}`,
    ...Object.entries(fields).flatMap(([key, value]) => {
      const name = fieldName(key)
      return name === '' || TAKEN.has(name) ? [] : [`${name}=${fieldText(value)}`]
    }),
  ]
}

/** Already said by the line itself, or read by syslog. */
const TAKEN = new Set(['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', 'SYSLOG_FACILITY', 'SYSLOG_PID'])

const LONGEST_NAME = 64

/** Upper-case letters, digits and underscores, and a letter first; '' where nothing is left. */
function fieldName(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^[_0-9]+/, '')
    .slice(0, LONGEST_NAME)
}

function fieldText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

import { resolve } from 'node:path'
import { UsageError } from '../../kernel/errors.ts'
import { suggest } from '../../kernel/suggest.ts'
import { DEAD_MAX_AGE_MS, DEAD_MAX_JOBS } from '../transfer.ts'

/**
 * What an accepted job survives: `power-loss` waits for the disk at every commit; `process-crash` leaves that to
 * the operating system, which is faster and may lose the last seconds before a power cut, never the file.
 */
export type SqliteDurability = 'power-loss' | 'process-crash'

export interface SqliteOptions {
  /** The database file. It and its folder are made when missing, for the owner alone. Must be on a local disk. */
  readonly path: string
  /** Default `power-loss`. */
  readonly durability?: SqliteDurability
  /** The dead set keeps at most so many jobs. Default `DEAD_MAX_JOBS`. */
  readonly deadMaxJobs?: number
  /** The dead set keeps a job at most so long. Default `DEAD_MAX_AGE_MS`. */
  readonly deadMaxAgeMs?: number
}

/** Options with every default filled in and `path` absolute. */
export type SqliteSettings = Readonly<Required<SqliteOptions>>

const KNOWN = ['path', 'durability', 'deadMaxJobs', 'deadMaxAgeMs']
const DURABILITIES: readonly unknown[] = ['power-loss', 'process-crash']

/**
 * Checks what the user gave and fills in the defaults.
 *
 * @throws UsageError `options.unknown` for a key that does not exist, `options.invalid` for a value that cannot be
 */
export function settingsOf(options: SqliteOptions): SqliteSettings {
  refuseUnknownKeys(options)
  const settings = {
    durability: options.durability ?? ('power-loss' as const),
    deadMaxJobs: options.deadMaxJobs ?? DEAD_MAX_JOBS,
    deadMaxAgeMs: options.deadMaxAgeMs ?? DEAD_MAX_AGE_MS,
  }
  const { path } = options
  demand(typeof path === 'string' && path !== '', 'path', 'a file name', path)
  demand(path !== ':memory:', 'path', 'a file (for a store in memory use capstan/store/memory)', path)
  demand(
    DURABILITIES.includes(settings.durability),
    'durability',
    DURABILITIES.join(' or '),
    settings.durability,
  )
  demand(isCount(settings.deadMaxJobs), 'deadMaxJobs', 'a whole number from 0', settings.deadMaxJobs)
  demand(isCount(settings.deadMaxAgeMs), 'deadMaxAgeMs', 'milliseconds from 0', settings.deadMaxAgeMs)
  return { ...settings, path: resolve(path) }
}

function refuseUnknownKeys(options: SqliteOptions): void {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key))
  if (unknown === undefined) return
  const near = suggest(unknown, KNOWN)
  const hint = near === null ? `known are ${KNOWN.join(', ')}` : `did you mean "${near}"?`
  throw new UsageError('options.unknown', `SQLite store: unknown option "${unknown}"; ${hint}`)
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

function demand(holds: boolean, option: string, ...[expected, got]: [string, unknown]): void {
  if (holds) return
  throw new UsageError(
    'options.invalid',
    `SQLite store: ${option}: expected ${expected}, got ${JSON.stringify(got)}`,
  )
}

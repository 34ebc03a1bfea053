import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../kernel/errors.ts'
import { places } from './migrations/0001-places.ts'

/** Marks a file as ours in its header: "CPST" in ASCII. */
export const APPLICATION_ID = 0x43_50_53_54

/**
 * Each takes the file from the version that is its index to the next. During a deploy, workers of the old release
 * go on using a file that the new one has migrated: a migration may only add what they do not miss.
 */
const MIGRATIONS: readonly string[] = [places]

/** The version of files that this release writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Brings the file to `SCHEMA_VERSION`, in one transaction. Does nothing to a file that is there already.
 *
 * @throws StoreError `store.version` for a file written by a newer release, `store.corrupt` for another
 * application's database; nothing was changed
 */
export function migrate(database: DatabaseSync, path: string): void {
  if (versionOf(database, path) === SCHEMA_VERSION) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Read again under the lock: another process may have migrated meanwhile.
    for (const migration of MIGRATIONS.slice(versionOf(database, path))) database.exec(migration)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function versionOf(database: DatabaseSync, path: string): number {
  const [version, application] = [pragma(database, 'user_version'), pragma(database, 'application_id')]
  if (application !== APPLICATION_ID && !isEmpty(database)) {
    throw new StoreError('store.corrupt', `${path} is the database of another application: use another path`)
  }
  if (version <= SCHEMA_VERSION) return version
  throw new StoreError(
    'store.version',
    `${path} was written by a newer Capstan (schema ${version}, this one knows ${SCHEMA_VERSION}): upgrade Capstan here`,
  )
}

function pragma(database: DatabaseSync, name: string): number {
  return database.prepare(`PRAGMA ${name}`).get()![name] as number
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, StoreError } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { SqliteDurability, SqliteSettings } from './options.ts'
import { BLOCKING_WAIT_MS, patiently } from './patience.ts'
import { migrate } from './schema.ts'
import { translate } from './translate.ts'

const OWNER_ONLY_FOLDER = 0o700
const OWNER_ONLY_FILE = 0o600

const SYNCHRONOUS: Readonly<Record<SqliteDurability, string>> = {
  'power-loss': 'FULL',
  'process-crash': 'NORMAL',
}

/** A WAL grown by one huge transaction is cut back to this; what it keeps is room that a full disk cannot take away. */
const WAL_KEPT_BYTES = 8 * 1024 * 1024

/** Opening is over soon enough that nobody needs to break it off. */
const NEVER = new AbortController().signal

/**
 * Opens the file, made and migrated if need be, ready for several processes.
 *
 * @throws StoreError `store.version`, `store.corrupt`, `store.full`, `store.not_stored`
 */
export async function openDatabase(runtime: Runtime, settings: SqliteSettings): Promise<DatabaseSync> {
  try {
    createPrivately(settings.path)
    const database = new DatabaseSync(settings.path)
    try {
      await patiently(runtime, NEVER, () => prepare(database, settings))
      return database
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw translate(error, { path: settings.path })
  }
}

/** SQLite gives the files beside it the same permissions. */
function createPrivately(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER })
    // Never opened when it exists: closing it would drop the locks of another connection in this process.
    if (!existsSync(path)) closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL, OWNER_ONLY_FILE))
  } catch (error) {
    // Another process was faster.
    if (existsSync(path)) return
    throw new StoreError('store.not_stored', `${path} cannot be made: ${messageOf(error)}`, { cause: error })
  }
}

function prepare(database: DatabaseSync, { path, durability }: SqliteSettings): void {
  database.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`)
  migrateSafely(database, path)
  database.exec(`PRAGMA synchronous = ${SYNCHRONOUS[durability]}`)
  database.exec(`PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
  // The first read opens the WAL: what is wrong with it is said now and not at the first job.
  database.prepare('SELECT one FROM counters').get()
}

function migrateSafely(database: DatabaseSync, path: string): void {
  migrate(database, path)
  // After the check of whose file it is: this changes its header.
  database.exec('PRAGMA journal_mode = WAL')
}

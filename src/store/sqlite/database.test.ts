import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { openDatabase } from './database.ts'
import { type SqliteOptions, settingsOf } from './options.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts'

const runtime = { clock: systemClock, random: seededRandom(1), logger: silentLogger }
const root = mkdtempSync(join(tmpdir(), 'capstan-database-'))
after(() => rmSync(root, { recursive: true }))

let folders = 0
const freshPath = () => join(root, `app-${++folders}`, '.capstan', 'jobs.sqlite')
const open = (options: SqliteOptions) => openDatabase(runtime, settingsOf(options))
const permissions = (path: string) => (statSync(path).mode & 0o777).toString(8)
const pragma = (database: DatabaseSync, name: string) =>
  Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]

/** A file of another kind in a folder of its own. */
function madeBy(make: (path: string) => void): string {
  const path = join(mkdtempSync(join(root, 'made-')), 'jobs.sqlite')
  make(path)
  return path
}

const refusedAs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof StoreError && error.code === code && message.test(error.message)

describe('openDatabase', () => {
  test('makes the file and all beside it for the owner alone', async () => {
    const path = freshPath()
    const database = await open({ path })
    assert.equal(permissions(join(path, '..')), '700')
    const files = readdirSync(join(path, '..'))
    assert.deepEqual(files.toSorted(), ['jobs.sqlite', 'jobs.sqlite-shm', 'jobs.sqlite-wal'])
    for (const file of files) assert.equal(permissions(join(path, '..', file)), '600', file)
    database.close()
  })

  test('writes its name and version into the file', async () => {
    const database = await open({ path: freshPath() })
    assert.equal(pragma(database, 'application_id'), APPLICATION_ID)
    assert.equal(pragma(database, 'user_version'), SCHEMA_VERSION)
    database.close()
  })

  for (const [durability, synchronous] of [
    ['power-loss', 2],
    ['process-crash', 1],
  ] as const) {
    test(`keeps ${durability} by WAL and synchronous=${synchronous}`, async () => {
      const database = await open({ path: freshPath(), durability })
      assert.deepEqual(
        [pragma(database, 'journal_mode'), pragma(database, 'synchronous')],
        ['wal', synchronous],
      )
      database.close()
    })
  }

  test('many that open a new file at once all get it', async () => {
    const path = freshPath()
    const databases = await Promise.all(Array.from({ length: 10 }, () => open({ path })))
    for (const database of databases) {
      assert.equal(database.prepare('SELECT count(*) AS count FROM counters').get()?.count, 1)
      database.close()
    }
  })

  test('refuses a file of a newer release and leaves it alone', async () => {
    const path = freshPath()
    const database = await open({ path })
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
    database.close()
    await assert.rejects(open({ path }), refusedAs('store.version', /newer Capstan/))
    const untouched = new DatabaseSync(path)
    assert.equal(pragma(untouched, 'user_version'), SCHEMA_VERSION + 1)
    untouched.close()
  })

  test('refuses the database of another application and leaves it alone', async () => {
    const path = madeBy((path) => {
      const other = new DatabaseSync(path)
      other.exec('CREATE TABLE invoices (id); PRAGMA user_version = 1')
      other.close()
    })
    await assert.rejects(open({ path }), refusedAs('store.corrupt', /another application/))
    const untouched = new DatabaseSync(path)
    assert.equal(pragma(untouched, 'journal_mode'), 'delete')
    assert.equal(untouched.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count, 1)
    untouched.close()
  })

  test('refuses what is no database and says what to do', async () => {
    const path = madeBy((path) => writeFileSync(path, 'a letter to nobody in particular\n'.repeat(300)))
    await assert.rejects(open({ path }), refusedAs('store.corrupt', /restore a backup/))
  })

  test('says that a folder cannot be made', async () => {
    const path = madeBy((path) => writeFileSync(path, 'a file'))
    await assert.rejects(
      open({ path: join(path, 'jobs.sqlite') }),
      refusedAs('store.not_stored', /cannot be made/),
    )
    await assert.rejects(
      open({ path: join(path, 'x', 'jobs.sqlite') }),
      refusedAs('store.not_stored', /cannot be made/),
    )
  })

  test('refuses a folder in place of the file', async () => {
    await assert.rejects(open({ path: root }), refusedAs('store.not_stored', /write permission/))
  })
})

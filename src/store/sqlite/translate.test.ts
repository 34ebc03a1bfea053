import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { CapstanError, InternalError, StoreError, UsageError } from '../../kernel/errors.ts'
import { isBusy, translate } from './translate.ts'

const context = { path: '/data/jobs.sqlite' }

/** An error as node:sqlite throws it. The message must not matter. */
const sqliteError = (errcode: number) =>
  Object.assign(new Error('whatever it says'), { code: 'ERR_SQLITE_ERROR', errcode, errstr: 'whatever' })

/** What a call on a real database throws. */
function thrownBy(call: (database: DatabaseSync) => unknown): unknown {
  const database = new DatabaseSync(':memory:')
  try {
    call(database)
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

function translated(errcode: number, committing = false): CapstanError {
  const error = translate(sqliteError(errcode), { ...context, committing })
  assert.ok(error instanceof CapstanError)
  return error
}

describe('translate', () => {
  const samples: ReadonlyArray<[what: string, errcode: number, code: string, retryable: boolean]> = [
    ['SQLITE_BUSY', 5, 'store.not_stored', true],
    ['SQLITE_BUSY_RECOVERY', 261, 'store.not_stored', true],
    ['SQLITE_LOCKED', 6, 'store.not_stored', true],
    ['SQLITE_NOMEM', 7, 'store.not_stored', true],
    ['SQLITE_READONLY', 8, 'store.not_stored', false],
    ['SQLITE_READONLY_DIRECTORY', 1544, 'store.not_stored', false],
    ['SQLITE_IOERR_WRITE', 778, 'store.not_stored', true],
    ['SQLITE_IOERR_SHMSIZE', 4874, 'store.full', true],
    ['SQLITE_CORRUPT', 11, 'store.corrupt', false],
    ['SQLITE_CORRUPT_INDEX', 779, 'store.corrupt', false],
    ['SQLITE_FULL', 13, 'store.full', true],
    ['SQLITE_CANTOPEN', 14, 'store.not_stored', false],
    ['SQLITE_TOOBIG', 18, 'store.not_stored', false],
    ['SQLITE_NOTADB', 26, 'store.corrupt', false],
  ]
  for (const [what, errcode, code, retryable] of samples) {
    test(`${what} is ${code}, ${retryable ? 'worth' : 'not worth'} a repeat`, () => {
      const error = translated(errcode)
      assert.ok(error instanceof StoreError)
      assert.deepEqual([error.code, error.retryable], [code, retryable])
      assert.match(error.message, /\/data\/jobs\.sqlite/)
    })
  }

  test('a disk that failed during the commit leaves the outcome unknown', () => {
    assert.equal(translated(1034, true).code, 'store.unknown')
    assert.equal(translated(1034, false).code, 'store.not_stored')
  })

  test('what SQLite should never say to us is a bug of ours', () => {
    const error = translate(
      thrownBy((database) => database.exec('SELECT * FROM nowhere')),
      context,
    )
    assert.ok(error instanceof InternalError)
    assert.equal(error.code, 'internal.sqlite')
  })

  test('a damaged file comes with what to do about it', () => {
    assert.match(translated(11).message, /\.recover/)
  })

  test('a real full database is store.full', () => {
    const thrown = thrownBy((database) => {
      database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (a)')
      database.prepare('INSERT INTO t VALUES (zeroblob(100000))').run()
    })
    assert.equal((translate(thrown, context) as CapstanError).code, 'store.full')
  })

  test('a call on a real closed database is store.closed', () => {
    const thrown = thrownBy((database) => {
      database.close()
      database.exec('SELECT 1')
    })
    assert.equal((translate(thrown, context) as CapstanError).code, 'store.closed')
  })

  test("errors of ours and of the caller's functions come back as they are", () => {
    const ours = new UsageError('options.invalid', 'no')
    const theirs = new TypeError('route is broken')
    assert.equal(translate(ours, context), ours)
    assert.equal(translate(theirs, context), theirs)
    assert.equal(translate(null, context), null)
  })
})

describe('isBusy', () => {
  test('is true for locks of every kind and for nothing else', () => {
    assert.deepEqual([5, 6, 261, 517, 1, 13].map(sqliteError).map(isBusy), [
      true,
      true,
      true,
      true,
      false,
      false,
    ])
    assert.equal(isBusy(new Error('database is locked')), false)
  })
})

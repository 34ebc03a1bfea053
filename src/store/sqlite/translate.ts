import { CapstanError, InternalError, messageOf, StoreError } from '../../kernel/errors.ts'

/** What was going on when SQLite failed, as far as it changes what the failure means. */
export interface FailureContext {
  readonly path: string
  /** The commit itself failed: the transaction may or may not be in the file after a crash. */
  readonly committing?: boolean
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html); extended ones have them in the low byte. */
const BUSY = 5
const LOCKED = 6
const NO_MEMORY = 7
const READ_ONLY = 8
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const TOO_BIG = 18
const NOT_A_DATABASE = 26
const PRIMARY = 0xff
/** An extended IO error: the shared index of the WAL could not grow, which is a full disk by another name. */
const IO_ERROR_SHM_SIZE = IO_ERROR | (19 << 8)

/**
 * What anything thrown inside a store call means to the caller. Errors of ours and of the caller's own functions
 * come back as they are.
 *
 * Codes: `store.not_stored`, `store.unknown` (a commit failed half-way), `store.full`, `store.corrupt`,
 * `store.closed`; anything that SQLite should never say to us is `internal.sqlite`.
 */
export function translate(thrown: unknown, context: FailureContext): unknown {
  if (thrown instanceof CapstanError) return thrown
  if (isClosed(thrown)) return closedError(thrown)
  const code = resultCode(thrown)
  if (code === null) return thrown
  const make = MEANINGS[code] ?? MEANINGS[code & PRIMARY] ?? unexpected
  return make(context, thrown)
}

/** Whether another connection holds the lock that was needed: the same call may succeed in a moment. */
export function isBusy(thrown: unknown): boolean {
  const primary = (resultCode(thrown) ?? 0) & PRIMARY
  return primary === BUSY || primary === LOCKED
}

/** The answer to every call on a closed store. */
export function closedError(cause?: unknown): StoreError {
  return new StoreError('store.closed', 'the store was closed', { cause })
}

/** SQLite's extended result code, or null when this did not come from SQLite. */
function resultCode(thrown: unknown): number | null {
  const { code, errcode } = (thrown ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode : null
}

function isClosed(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'ERR_INVALID_STATE'
}

type Meaning = (context: FailureContext, cause: unknown) => CapstanError

const busy: Meaning = ({ path }, cause) =>
  new StoreError('store.not_stored', `${path} stayed locked by another process; nothing was changed`, {
    retryable: true,
    cause,
  })

const full: Meaning = ({ path }, cause) =>
  new StoreError('store.full', `no space left for ${path}; nothing was changed: free some disk space`, {
    retryable: true,
    cause,
  })

const ioError: Meaning = ({ path, committing }, cause) =>
  committing
    ? new StoreError(
        'store.unknown',
        `${path}: the disk failed during a commit (${messageOf(cause)}); safe to repeat`,
        {
          retryable: true,
          cause,
        },
      )
    : new StoreError(
        'store.not_stored',
        `${path}: the disk failed (${messageOf(cause)}); nothing was changed`,
        {
          retryable: true,
          cause,
        },
      )

const damaged: Meaning = ({ path }, cause) =>
  new StoreError(
    'store.corrupt',
    `${path} is damaged or not a SQLite database (${messageOf(cause)}): stop its workers, copy the file and ` +
      `its -wal file, then restore a backup or salvage what is left with sqlite3 "${path}" .recover`,
    { cause },
  )

const forbidden: Meaning = ({ path }, cause) =>
  new StoreError(
    'store.not_stored',
    `${path} cannot be opened for writing (${messageOf(cause)}): this user needs write permission for the file and its folder, and the file system must not be read-only`,
    { cause },
  )

const tooBig: Meaning = ({ path }, cause) =>
  new StoreError('store.not_stored', `a payload is larger than ${path} can hold; nothing was changed`, {
    cause,
  })

const noMemory: Meaning = ({ path }, cause) =>
  new StoreError('store.not_stored', `${path}: out of memory; nothing was changed`, {
    retryable: true,
    cause,
  })

const unexpected: Meaning = ({ path }, cause) =>
  new InternalError('internal.sqlite', `${path}: ${messageOf(cause)}`, { cause })

const MEANINGS: Readonly<Record<number, Meaning>> = {
  [BUSY]: busy,
  [LOCKED]: busy,
  [NO_MEMORY]: noMemory,
  [READ_ONLY]: forbidden,
  [IO_ERROR]: ioError,
  [IO_ERROR_SHM_SIZE]: full,
  [CORRUPT]: damaged,
  [FULL]: full,
  [CANNOT_OPEN]: forbidden,
  [TOO_BIG]: tooBig,
  [NOT_A_DATABASE]: damaged,
}

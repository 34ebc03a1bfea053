import { CapstanError } from '../kernel/errors.ts'
import { EnqueueError } from './pusher.ts'

/** Where `enqueueMany` stood when it failed. Rows count from 1. */
export interface Standing {
  /** Rows at the head whose jobs are stored, or were kept out by a middleware. */
  readonly rowsDone: number
  readonly rowsRead: number
}

/**
 * An `enqueueMany` that did not come to its end. Its `code` is that of the cause: a row that cannot be a job, or the
 * store. To go on, enqueue the rows after the first `rowsDone` again; with `store.unknown`, those of the failed round
 * trip may be stored already.
 */
export class EnqueueManyError extends CapstanError {
  readonly rowsDone: number

  constructor(cause: CapstanError, { rowsDone, rowsRead }: Standing) {
    super(cause.code, `${describe(cause, { rowsDone, rowsRead })}; ${before(rowsDone)}`, {
      retryable: cause.retryable,
      cause,
    })
    this.rowsDone = rowsDone
  }
}

function describe(cause: CapstanError, { rowsDone, rowsRead }: Standing): string {
  if (!(cause instanceof EnqueueError)) return `row ${rowsRead}: ${cause.message}`
  const fate = cause.code === 'store.unknown' ? 'may be stored' : 'are not stored'
  const { message } = cause.cause as CapstanError
  return `rows ${rowsDone + 1} to ${rowsRead} ${fate}: ${message}`
}

function before(rowsDone: number): string {
  return rowsDone === 0 ? 'no row before is stored' : `the ${rowsDone} rows before are stored`
}

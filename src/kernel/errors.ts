/** What every error of ours carries besides its message. */
export interface ErrorDetails {
  /** Whether the same call may succeed later without a change. Default false. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

/** Root of every error thrown on purpose. Callers switch on `code`, which never changes its meaning. */
export abstract class CapstanError extends Error {
  readonly code: string
  readonly retryable: boolean

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = details.retryable ?? false
  }
}

/** The caller's mistake, found before anything changed. */
export class UsageError extends CapstanError {}

/** The database said no, or said nothing. `retryable` tells which. */
export class StoreError extends CapstanError {}

/** An invariant broke: a bug in Capstan. */
export class InternalError extends CapstanError {}

/** The message of anything that was thrown, for showing to people; never for deciding. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

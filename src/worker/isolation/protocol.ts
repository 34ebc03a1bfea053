import type { JobError } from '../../job/failure.ts'
import type { Claim } from '../../store/exchange.ts'
import type { JobResult } from '../job-result.ts'

/** What a worker says to a cell. Plain values only, so that it passes as JSON and as a structured clone. */
export type ToCell =
  | { readonly kind: 'run'; readonly claim: Claim }
  /** The signal of the job that runs is to abort with this reason. */
  | { readonly kind: 'abort'; readonly token: string; readonly code: string; readonly message: string }

/** What a cell says to its worker. */
export type FromCell =
  /** Its jobs are loaded. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly token: string; readonly result: JobResult }
  /** Nobody caught this error, and the cell dies of it. */
  | { readonly kind: 'dying'; readonly error: string }

/** One end of the line between a worker and a cell, as the cell holds it. */
export interface CellChannel {
  send(message: FromCell): void
  /** Messages that came before are handed over first. Called once. */
  receive(hear: (message: ToCell) => void): void
}

/** A result that can be sent: without what was thrown, which may be anything. */
export function sendable(result: JobResult): JobResult {
  return result.kind === 'failed' ? { kind: 'failed', error: plain(result.error) } : result
}

function plain({ name, message, stack }: JobError): JobError {
  return { name: String(name), message: String(message), stack: stack === null ? null : String(stack) }
}

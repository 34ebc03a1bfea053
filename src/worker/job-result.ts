import type { JobError } from '../job/failure.ts'

/** How a claimed job came out, before anything is written about it. */
export type JobResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: JobError }
  | { readonly kind: 'snoozed'; readonly ms: number }
  /** Dropped: it asked for it, or it came too late. */
  | { readonly kind: 'discarded'; readonly reason: string }
  /** To the dead set at its own wish. */
  | { readonly kind: 'killed'; readonly reason: string }
  /** It broke off because its worker stops, and runs again elsewhere. */
  | { readonly kind: 'interrupted' }
  /** The process or thread that it had for itself died. */
  | { readonly kind: 'crashed'; readonly cause: string }
  /** The process or thread that it was to have for itself did not start: it goes back as it is. */
  | { readonly kind: 'unstarted'; readonly reason: string }
  /** Its class is not known here: it goes back, sooner when another worker may know it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isAwaited: boolean }
  /** No worker of this kind could ever run it. */
  | { readonly kind: 'unrunnable'; readonly reason: string }

export const DONE: JobResult = { kind: 'done' }

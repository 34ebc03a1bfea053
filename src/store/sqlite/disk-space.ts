import { statfsSync } from 'node:fs'
import { messageOf, StoreError } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'

/**
 * Pushes are refused while less than this is free, so that claims and settlements, which go through the WAL too,
 * still have room to drain the store. Several times what the WAL holds between two checkpoints.
 */
export const RESERVE_BYTES = 32 * 1024 * 1024

/** A payload is written to the WAL first and to the file later. */
const COPIES = 2

/** The free space is looked up again after this long, or after a sixteenth of the reserve was pushed. */
const LOOK_MS = 1_000
const LOOK_BYTES = RESERVE_BYTES / 16

/** Free bytes for ordinary users in a folder's filesystem; null where it does not say. */
export function freeBytes(folder: string): number | null {
  const { bavail, bsize, blocks } = statfsSync(folder)
  return blocks === 0 ? null : bavail * bsize
}

/** Keeps new jobs from taking the room that old ones need to leave. */
export class DiskSpace {
  readonly #runtime: Runtime
  readonly #folder: string
  readonly #freeBytes: typeof freeBytes
  #lookedAt = Number.NEGATIVE_INFINITY
  #left = 0

  constructor(runtime: Runtime, folder: string, measure = freeBytes) {
    this.#runtime = runtime
    this.#folder = folder
    this.#freeBytes = measure
  }

  /**
   * To be asked before `sizeBytes` of payloads are pushed.
   *
   * @throws StoreError `store.full` when they would eat into the reserve
   */
  admit(sizeBytes: number): void {
    const now = this.#runtime.clock.mono()
    if (now - this.#lookedAt >= LOOK_MS || sizeBytes > this.#left) {
      this.#look(sizeBytes)
      this.#lookedAt = now
    }
    this.#left -= sizeBytes
  }

  #look(sizeBytes: number): void {
    this.#left = LOOK_BYTES
    const free = this.#measure()
    if (free === null || free - sizeBytes * COPIES >= RESERVE_BYTES) return
    this.#left = 0
    throw new StoreError(
      'store.full',
      `only ${free} bytes are free in ${this.#folder}, of which ${RESERVE_BYTES} are kept for running the jobs ` +
        'that are stored already; nothing was changed: free some disk space',
      { retryable: true },
    )
  }

  #measure(): number | null {
    try {
      return this.#freeBytes(this.#folder)
    } catch (error) {
      this.#runtime.logger.debug('cannot tell the free space', {
        folder: this.#folder,
        error: messageOf(error),
      })
      return null
    }
  }
}

import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs'
import { messageOf } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/logger.ts'

const OWNER_ONLY = 0o600
const BYTE = Buffer.from('.')

/**
 * Tells other processes on this machine that a job was added, by writing one byte to a file that they watch.
 *
 * Watching the WAL instead would be too early: its bytes are written before the commit is visible, and nothing is
 * written after it. And it changes with every claim and settlement, of which an idle worker need not hear.
 * A bell that cannot be rung or heard is no error: those who wait look by themselves, only later.
 */
export class Bell {
  readonly #path: string
  readonly #logger: Logger
  #file: number | null

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
    this.#file = this.#attempt('open the bell', () =>
      openSync(path, constants.O_RDWR | constants.O_CREAT, OWNER_ONLY),
    )
    // The only write that can need space.
    this.ring()
  }

  ring(): void {
    const file = this.#file
    if (file !== null) this.#attempt('ring the bell', () => writeSync(file, BYTE, 0, 1, 0))
  }

  /** Calls `heard` after rings, several of which may become one, until the returned function is called. */
  listen(heard: () => void): () => void {
    const watcher = this.#attempt('hear the bell', () => this.#watch(heard))
    return () => watcher?.close()
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #watch(heard: () => void): FSWatcher {
    const watcher = watch(this.#path, { persistent: false }, heard)
    watcher.on('error', (error) => this.#complain('hear the bell', error))
    return watcher
  }

  #attempt<T>(what: string, action: () => T): T | null {
    try {
      return action()
    } catch (error) {
      this.#complain(what, error)
      return null
    }
  }

  #complain(what: string, error: unknown): void {
    this.#logger.debug('cannot use the bell file', { what, path: this.#path, error: messageOf(error) })
  }
}

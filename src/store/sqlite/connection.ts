import type { DatabaseSync } from 'node:sqlite'
import type { Runtime } from '../../kernel/runtime.ts'
import { patiently, stubbornly } from './patience.ts'
import { prepareStatements, type Statements } from './statements.ts'
import { Transaction } from './transaction.ts'
import { closedError, isBusy, translate } from './translate.ts'

/** One connection to the file. Everything done through it is one transaction that takes effect whole or not at all. */
export class Connection {
  readonly #runtime: Runtime
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #sql: Statements
  readonly #closing = new AbortController()

  constructor(runtime: Runtime, database: DatabaseSync, path: string) {
    this.#runtime = runtime
    this.#database = database
    this.#path = path
    this.#sql = prepareStatements(database)
  }

  /** Aborts when the connection is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Runs `work` alone among all processes; `committed` hears which queues it filled. */
  write<T>(work: (tx: Transaction) => T, committed: (filled: ReadonlySet<string>) => void): Promise<T> {
    return this.#patiently(() => this.#transact(work, committed))
  }

  /** The same before it returns: a lock holds up the whole thread. Throws what `write` rejects with. */
  writeNow(work: (tx: Transaction) => void, committed: (filled: ReadonlySet<string>) => void): void {
    try {
      stubbornly(this.#runtime.clock, () => this.#transact(work, committed))
    } catch (error) {
      throw translate(error, { path: this.#path })
    }
  }

  /** Runs `work` on one consistent view of the file. */
  read<T>(work: (sql: Statements) => T): Promise<T> {
    return this.#patiently(() => this.#within('begin', () => work(this.#sql)))
  }

  /** Runs one statement's worth of `work` at once, without patience. */
  peek<T>(work: (sql: Statements) => T): T {
    return work(this.#sql)
  }

  close(): void {
    if (this.closed.aborted) return
    this.#closing.abort()
    this.#database.close()
  }

  #transact<T>(work: (tx: Transaction) => T, committed: (filled: ReadonlySet<string>) => void): T {
    const tx = new Transaction(this.#sql)
    const result = this.#within('beginImmediate', () => {
      const result = work(tx)
      tx.finish()
      return result
    })
    committed(tx.filled)
    return result
  }

  async #patiently<T>(attempt: () => T): Promise<T> {
    try {
      return await patiently(this.#runtime, this.closed, attempt)
    } catch (error) {
      throw translate(error, { path: this.#path })
    }
  }

  #within<T>(begin: 'begin' | 'beginImmediate', work: () => T): T {
    if (this.closed.aborted) throw closedError()
    this.#sql[begin].run()
    let committing = false
    try {
      const result = work()
      committing = true
      this.#sql.commit.run()
      return result
    } catch (error) {
      // SQLite ends the transaction by itself after some failures, such as a full disk.
      if (this.#database.isTransaction) this.#sql.rollback.run()
      // A lock is left for patience to recognize.
      throw isBusy(error) ? error : translate(error, { path: this.#path, committing })
    }
  }
}

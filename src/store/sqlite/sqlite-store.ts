import { dirname } from 'node:path'
import type { EpochMs } from '../../kernel/clock.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Claim, ExchangeReply, ExchangeRequest, WaitRequest } from '../exchange.ts'
import type {
  Entry,
  EntryRef,
  Move,
  Page,
  Place,
  QueueSummary,
  StoreHealth,
  StoreStats,
} from '../inspection.ts'
import type { Store } from '../store.ts'
import type { PromoteRequest, PushBatch, Recovered, RecoverRequest } from '../transfer.ts'
import type { Beat, BeatReply, WorkerRecord, WorkerSignal } from '../worker-record.ts'
import { Bell } from './bell.ts'
import { Connection } from './connection.ts'
import { openDatabase } from './database.ts'
import { DeadSet } from './dead-set.ts'
import { inFlight, leave, recover } from './departures.ts'
import { DiskSpace } from './disk-space.ts'
import { exchange } from './exchange.ts'
import { type FileIdentity, fileIdentity, healthOf } from './health.ts'
import { clear, list, move, pause, queues, stats } from './inspection.ts'
import { type SqliteOptions, type SqliteSettings, settingsOf } from './options.ts'
import { promote } from './promote.ts'
import { Pushes } from './push.ts'
import { heartbeat, workers } from './registry.ts'
import type { Statements } from './statements.ts'
import type { Transaction } from './transaction.ts'
import { closedError } from './translate.ts'
import { Waits } from './wait.ts'

/**
 * Opens a store in one SQLite file, which is made when missing. Several processes of one machine may open it.
 *
 * Calls are synchronous inside: the event loop waits for the disk during each. A call that finds the file locked by
 * another process tries again for about five seconds.
 *
 * @throws UsageError `options.*` for options that cannot be
 * @throws StoreError `store.version` for a file of a newer Capstan, `store.corrupt` for a file that is damaged or not
 * ours, `store.full`, `store.not_stored` for one that cannot be opened; nothing was changed
 */
export async function openSqliteStore(runtime: Runtime, options: SqliteOptions): Promise<Store> {
  const settings = settingsOf(options)
  const database = await openDatabase(runtime, settings)
  const connection = new Connection(runtime, database, settings.path)
  return new SqliteStore(runtime, connection, settings)
}

class SqliteStore implements Store {
  readonly isApart = false
  readonly #connection: Connection
  readonly #settings: SqliteSettings
  readonly #opened: FileIdentity
  readonly #bell: Bell
  readonly #waits: Waits
  readonly #dead: DeadSet
  readonly #pushes: Pushes

  /** Who waits hears which queues a transaction has filled. */
  readonly #committed = (filled: ReadonlySet<string>): void => {
    if (filled.size === 0) return
    this.#waits.wake(filled)
    this.#bell.ring()
  }

  constructor(runtime: Runtime, connection: Connection, settings: SqliteSettings) {
    this.#connection = connection
    this.#settings = settings
    this.#opened = fileIdentity(settings.path)
    this.#bell = new Bell(`${settings.path}-bell`, runtime.logger)
    this.#waits = new Waits(runtime, {
      hasJobs: (queues) => connection.peek((sql) => sql.hasJobs.get(JSON.stringify(queues))?.found === 1),
      listen: (heard) => this.#bell.listen(heard),
    })
    this.#pushes = new Pushes(new DiskSpace(runtime, dirname(settings.path)))
    this.#dead = new DeadSet(settings)
  }

  push(batch: PushBatch): Promise<void> {
    return this.#write((tx) => this.#pushes.push(tx, batch))
  }

  exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.#write((tx) => exchange(tx, request, this.#dead))
  }

  waitForJobs({ queues, signal }: WaitRequest): Promise<void> {
    return this.#waits.wait(queues, signal, this.#connection.closed)
  }

  heartbeat(beat: Beat): Promise<BeatReply> {
    return this.#write((tx) => heartbeat(tx, beat))
  }

  inFlight(identity: string): Promise<Claim[]> {
    return this.#read((sql) => inFlight(sql, identity))
  }

  leave(identity: string, _now: EpochMs): Promise<void> {
    return this.#write((tx) => leave(tx, identity))
  }

  async prepareToLeave(identity: string, _now: EpochMs): Promise<() => void> {
    if (this.#connection.closed.aborted) throw closedError()
    return () => this.#connection.writeNow((tx) => leave(tx, identity), this.#committed)
  }

  workers(): Promise<WorkerRecord[]> {
    return this.#read(workers)
  }

  recover(request: RecoverRequest): Promise<Recovered[] | null> {
    return this.#write((tx) => recover(tx, request, this.#dead))
  }

  promote(request: PromoteRequest): Promise<number> {
    return this.#write((tx) => promote(tx, request, this.#dead))
  }

  queues(_now: EpochMs): Promise<QueueSummary[]> {
    return this.#read(queues)
  }

  list(place: Place, page: Page): Promise<Entry[]> {
    return this.#read((sql) => list(sql, place, page))
  }

  move(place: Place, ref: EntryRef, destination: Move): Promise<boolean> {
    return this.#write((tx) => move(tx, this.#dead, { place, ref, move: destination }))
  }

  clear(place: Place): Promise<number> {
    return this.#write((tx) => clear(tx, place))
  }

  pause(queue: string, paused: boolean): Promise<void> {
    return this.#write((tx) => pause(tx, queue, paused))
  }

  signal(identity: string, signal: WorkerSignal): Promise<void> {
    return this.#write((tx) => {
      tx.sql.addSignal.run(identity, signal)
    })
  }

  stats(now: EpochMs, days: number): Promise<StoreStats> {
    return this.#read((sql) => stats(sql, now, days))
  }

  ping(): Promise<StoreHealth> {
    return this.#read((sql) => healthOf(this.#settings, sql.version.get()!.version as string, this.#opened))
  }

  async close(): Promise<void> {
    this.#connection.close()
    this.#bell.close()
  }

  #write<T>(work: (tx: Transaction) => T): Promise<T> {
    return this.#connection.write(work, this.#committed)
  }

  #read<T>(work: (sql: Statements) => T): Promise<T> {
    return this.#connection.read(work)
  }
}

import type { MonoMs } from '../../kernel/clock.ts'
import { messageOf, StoreError } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Command } from './command.ts'
import type { Caller } from './connection.ts'
import { Dialer, type Line } from './dialer.ts'
import type { RedisSettings } from './options.ts'
import { type Reply, ReplyError } from './reply-parser.ts'
import { evalsha, evalText, formFor, type Script, type ScriptCall } from './script.ts'
import { replyCode, type Trouble, translate } from './translate.ts'

// Under half a second, so that work goes on within a second of the server's return however long it was gone.
const LONGEST_PAUSE_MS = 450
const FIRST_PAUSE_MS = 20

/**
 * The store's way to its server: one pipelined connection that is opened again whenever it ends, for ever.
 *
 *     connected ──(connection ends, or the server says it is a replica)──▶ disconnected ──▶ connected …
 *         └──────────────────────────── close ────────────────────────────────┴──▶ closed
 *
 * Nothing is kept for later: without a connection a command fails at once with `store.not_stored`, and one whose
 * answer was lost fails with `store.unknown`. Neither is sent again.
 */
export class RedisClient {
  readonly #runtime: Runtime
  readonly #dialer: Dialer
  readonly #scripts: readonly Script[]
  readonly #closing = new AbortController()
  #line: Line | null = null
  #cause: unknown = null
  #lossListeners: Array<() => void> = []
  #waiters = new Set<() => void>()

  private constructor(runtime: Runtime, dialer: Dialer, scripts: readonly Script[]) {
    this.#runtime = runtime
    this.#dialer = dialer
    this.#scripts = scripts
  }

  /** Connects. Rejects, without a second try, when that fails. */
  static async open(
    runtime: Runtime,
    settings: RedisSettings,
    scripts: readonly Script[],
  ): Promise<RedisClient> {
    const dialer = new Dialer(runtime.clock, settings)
    const client = new RedisClient(runtime, dialer, scripts)
    try {
      client.#adopt(await client.#connect())
    } catch (error) {
      client.#closing.abort()
      throw client.#openingFailure(error)
    }
    return client
  }

  /** Where the server is, without secrets. */
  get location(): string {
    return this.#dialer.location
  }

  get isConnected(): boolean {
    return this.#line !== null
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** For calls that need nothing from the server. Throws `store.closed`. */
  demandOpen(): void {
    if (this.isClosed) throw this.#trouble({ kind: 'closed' })
  }

  /** Called back whenever the connection was lost. */
  onLoss(listener: () => void): void {
    this.#lossListeners.push(listener)
  }

  /** Sends a command; an error reply rejects. */
  command(command: Command, buffers = false): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#send(command, { buffers, fail: reject, answer: (reply) => this.#settle(reply, resolve, reject) })
    })
  }

  /** Runs a script; an error reply rejects. A server that has forgotten the script is told it again. */
  run(script: Script, call: ScriptCall, buffers = false): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const text = formFor(this.#line?.greeting.major ?? 0, script)
      const answer = (reply: Reply) => {
        const isForgotten = reply instanceof ReplyError && replyCode(reply.text) === 'NOSCRIPT'
        if (!isForgotten) return this.#settle(reply, resolve, reject)
        // Nothing ran, so that sending it once more is safe.
        this.#send(evalText(text, call), {
          buffers,
          fail: reject,
          answer: (second) => this.#settle(second, resolve, reject),
        })
      }
      this.#send(evalsha(text, call), { buffers, fail: reject, answer })
    })
  }

  /** Lets what was sent go out now: the server is to have it while this process goes on in the same turn. */
  flush(): void {
    this.#line?.connection.flush()
  }

  /** Hands a script to the socket before it returns, for a process that ends then. Throws without a connection. */
  runUnanswered(script: Script, call: ScriptCall): void {
    this.demandOpen()
    if (this.#line === null) throw this.#trouble({ kind: 'disconnected', cause: this.#cause })
    const { connection, greeting } = this.#line
    // Whole: nobody would answer a server that does not know it.
    connection.sendNow(evalText(formFor(greeting.major, script), call))
  }

  /** A further connection to the server that the store talks to now. Rejects with a StoreError. */
  async openLine(name: string, timeoutMs: number): Promise<Line> {
    const line = this.#line
    if (line === null) throw this.#trouble({ kind: 'disconnected', cause: this.#cause })
    return this.#dialer.open(line.endpoint, { name, timeoutMs, scripts: [], signal: this.#closing.signal })
  }

  /** Resolves when there is a connection, when the client is closed or when the signal aborts. Never rejects. */
  whenConnected(signal: AbortSignal): Promise<void> {
    if (this.#line !== null || this.isClosed || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiters.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  close(): void {
    if (this.isClosed) return
    this.#closing.abort()
    this.#line?.connection.end({ kind: 'closed' })
    this.#line = null
    this.#wakeWaiters()
  }

  #send(command: Command, caller: Caller): void {
    if (this.isClosed) caller.fail(this.#trouble({ kind: 'closed' }))
    else if (this.#line === null) caller.fail(this.#trouble({ kind: 'disconnected', cause: this.#cause }))
    else this.#line.connection.send(command, caller)
  }

  #settle(reply: Reply, resolve: (reply: Reply) => void, reject: (error: StoreError) => void): void {
    if (!(reply instanceof ReplyError)) {
      resolve(reply)
      return
    }
    const code = replyCode(reply.text)
    reject(this.#trouble({ kind: 'reply', text: reply.text }))
    if (code === 'READONLY' || code === 'MASTERDOWN') this.#leave(reply.text)
  }

  /** Lets go of a server that is not the primary any more. What it still answers is taken. */
  #leave(why: string): void {
    const line = this.#line
    if (line === null) return
    this.#lose(line, why)
    void line.connection.request(['PING']).then(
      () => line.connection.end({ kind: 'unanswered', why }),
      () => undefined,
    )
  }

  #adopt(line: Line): void {
    this.#line = line
    line.connection.onEnd(() => this.#lose(line, 'the connection was cut'))
    this.#wakeWaiters()
  }

  #lose(line: Line, why: string): void {
    if (this.#line !== line || this.isClosed) return
    this.#line = null
    this.#cause = why
    this.#runtime.logger.warn('lost the connection to Redis', { redis: this.location, error: why })
    for (const listener of this.#lossListeners) listener()
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { clock, logger } = this.#runtime
    const lostAt: MonoMs = clock.mono()
    for (let failures = 0; !this.isClosed; failures++) {
      try {
        const line = await this.#connect()
        if (this.isClosed) return line.connection.end({ kind: 'closed' })
        this.#adopt(line)
        const seconds = Number(((clock.mono() - lostAt) / 1000).toFixed(3))
        return logger.info('connected to Redis again', { redis: this.location, seconds })
      } catch (error) {
        this.#cause = error
        logger.debug('could not connect to Redis', { redis: this.location, error: messageOf(error) })
      }
      await clock.sleep(this.#pauseMs(failures), this.#closing.signal)
    }
  }

  #connect(): Promise<Line> {
    const { signal } = this.#closing
    return this.#dialer.openPrimary({ name: 'capstan', scripts: this.#scripts, signal })
  }

  #pauseMs(failures: number): number {
    const full = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    // Workers that lost the same server together shall not come back together.
    return full * (0.5 + this.#runtime.random.float() / 2)
  }

  #wakeWaiters(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  #trouble(trouble: Trouble): StoreError {
    return translate(trouble, this.location)
  }

  #openingFailure(error: unknown): StoreError {
    if (error instanceof StoreError && error.code === 'store.version') return error
    const isStoreError = error instanceof StoreError
    const retryable = isStoreError ? error.retryable : true
    const what = isStoreError ? error.message : `expected Redis at ${this.location}, got: ${messageOf(error)}`
    // A server that refuses has said what is to be mended.
    const advice = retryable ? '; start the server, or correct the URL' : ''
    return new StoreError('store.not_stored', `cannot open the store: ${what}${advice}`, {
      retryable,
      cause: error,
    })
  }
}

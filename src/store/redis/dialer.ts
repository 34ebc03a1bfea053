import type { Clock } from '../../kernel/clock.ts'
import { type Endpoint, showEndpoint } from './address.ts'
import { Connection } from './connection.ts'
import { dial } from './dial.ts'
import { type Greeting, shakeHands } from './handshake.ts'
import type { RedisSettings } from './options.ts'
import type { Script } from './script.ts'
import { demandPrimary, findPrimary } from './sentinel.ts'

/** A connection that is logged in and ready for commands. */
export interface Line {
  readonly connection: Connection
  readonly greeting: Greeting
  readonly endpoint: Endpoint
}

export interface LineParams {
  /** Shown by CLIENT LIST. */
  readonly name: string
  readonly scripts: readonly Script[]
  readonly signal: AbortSignal
  /** Instead of the store's timeout for commands. */
  readonly timeoutMs?: number
}

// Each step towards a server (socket, login, each sentinel) may take so long: a machine that is gone says nothing.
const STEP_MS = 1_000

/** Knows how to reach the server of one store. */
export class Dialer {
  readonly #clock: Clock
  readonly #settings: RedisSettings

  constructor(clock: Clock, settings: RedisSettings) {
    this.#clock = clock
    this.#settings = settings
  }

  /** Where the server is, without secrets. */
  get location(): string {
    const { address, sentinel } = this.#settings
    if (sentinel)
      return `the primary '${sentinel.name}' of ${sentinel.sentinels.map(showEndpoint).join(', ')}`
    return showEndpoint(address.endpoint)
  }

  /** A line to the configured server, or to the one that the sentinels name. */
  async openPrimary(params: LineParams): Promise<Line> {
    const { address, sentinel } = this.#settings
    if (sentinel === null) return this.open(address.endpoint, params)
    const endpoint = await findPrimary(sentinel, (each) => this.#connect(each, params.signal, STEP_MS))
    const line = await this.open(endpoint, params)
    try {
      await demandPrimary(line.connection, showEndpoint(endpoint))
      return line
    } catch (error) {
      line.connection.end({ kind: 'closed' })
      throw error
    }
  }

  /** A line to this server, whatever its role. */
  async open(endpoint: Endpoint, params: LineParams): Promise<Line> {
    const { address, commandTimeoutMs } = this.#settings
    const timeoutMs = params.timeoutMs ?? commandTimeoutMs
    const connection = await this.#connect(endpoint, params.signal, timeoutMs)
    const ready = this.#clock.after(STEP_MS, () => {
      connection.end({ kind: 'silent', afterMs: STEP_MS })
    })
    try {
      const { database } = address
      const greeting = await shakeHands(connection, { credentials: address, database, ...params })
      return { connection, greeting, endpoint }
    } catch (error) {
      connection.end({ kind: 'closed' })
      throw error
    } finally {
      ready()
    }
  }

  async #connect(endpoint: Endpoint, signal: AbortSignal, timeoutMs: number): Promise<Connection> {
    const clock = this.#clock
    const socket = await dial(endpoint, { clock, timeoutMs: STEP_MS, tls: this.#settings.tls, signal })
    return new Connection(socket, { clock, timeoutMs, where: showEndpoint(endpoint) })
  }
}

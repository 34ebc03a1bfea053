/** What a server has used up so far. `null` where it keeps no such account. */
export interface ServerReading {
  /** User and system time, microseconds. */
  readonly cpuUs: number
  /** Redis: commands, those in scripts too. PostgreSQL: transactions that write. */
  readonly commands: number
  /** Requests as the server reads them from its sockets: a pipeline counts once. */
  readonly roundTrips: number | null
  /** In and out of its sockets. */
  readonly bytes: number | null
}

/** A server of the benchmark's own. */
export interface MeteredServer {
  /** Where its socket is: what the systems' `open` takes. */
  readonly address: string
  read(): Promise<ServerReading>
  clear(): Promise<void>
  version(): Promise<string>
  stop(): Promise<void>
}

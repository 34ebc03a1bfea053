import type { RedisServer } from '../../test/system/redis-server.ts'

/** How to start a program. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

export interface WorkerSettings {
  /** Of the store, when the worker is to reach it through a proxy. */
  readonly url?: string
}

/** Jobs that the load of a cell is made of; see app/lanes.ts for what a client makes of it. */
export interface LoadSettings {
  readonly url?: string
  /** How many jobs; without one, until the client is told to stop. */
  readonly count?: number
  /** How long each job takes. */
  readonly jobMs: number
  /** What the job does in that time: sleep, hold its thread, or kill its process at once. */
  readonly kind?: 'sleep' | 'block' | 'kill'
  /** How long each of the client's calls in flight rests before its next. */
  readonly restMs?: number
  /** Ids begin with it. Those that do not begin with `job` belong to no innocent. */
  readonly prefix?: string
}

/** A payload that nobody could run, as the system keeps it. */
export interface KeptPayload {
  readonly payload: string
  readonly hasReason: boolean
}

/** One system, set up afresh, with nothing running. */
export interface Site {
  readonly server: RedisServer | null
  /** The file that holds everything; null when a server does. */
  readonly file: string | null
  worker(settings: WorkerSettings): Launch
  client(settings: LoadSettings): Launch
  /** Jobs that the store knows of and that are neither done nor given up. */
  unfinished(): Promise<number>
  /** Ids of the jobs that it gave up on. */
  failed(): Promise<readonly string[]>
  /** Puts texts into the queue as a foreign program could; absent when the system has no such way. */
  pushRaw?(payloads: readonly string[]): Promise<void>
  kept?(): Promise<readonly KeptPayload[]>
  close(): Promise<void>
}

/** What is put to the test, behind the same few calls for every one. */
export interface System {
  readonly name: string
  /** Whether what it breaks is a broken promise of this project. */
  readonly isOurs: boolean
  readonly keepsJobsIn: 'redis' | 'file'
  /** Whether it leaves an interrupted job for half a minute or more. */
  readonly isSlowToRecover: boolean
  /** Whether one thread runs all jobs of a worker. */
  readonly hasEventLoop: boolean
  readonly version: string
  /** Why it cannot be run here; null when it can. */
  readonly missing: string | null
  /** @param directory an empty one, for everything it writes */
  open(directory: string): Promise<Site>
}

/** Jobs that a worker runs at a time, and calls that a client has in flight: the same for all. */
export const CONCURRENCY = 10
export const CALLS_IN_FLIGHT = 10

/** How long a worker that was told to stop lets its jobs run. A second is the least that Sidekiq can. */
export const STOP_TIMEOUT_S = 1

/** Environment of a client; app/lanes.ts and the Ruby client read it. */
export function loadEnvironment(settings: LoadSettings, directory: string): Record<string, string> {
  return {
    LANES: String(CALLS_IN_FLIGHT),
    COUNT: String(settings.count ?? 0),
    JOB_MS: String(settings.jobMs),
    KIND: settings.kind ?? 'sleep',
    REST_MS: String(settings.restMs ?? 0),
    PREFIX: settings.prefix ?? 'job',
    LEDGER: `${directory}/ledger`,
  }
}

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, connect } from '../../src/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { Connection as Wire } from '../../src/store/redis/connection.ts'
import { dial } from '../../src/store/redis/dial.ts'
import { eventually } from './redis-fixture.ts'
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts'
import { WorkerProcess } from './worker-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURE = join(import.meta.dirname, 'fixtures/worker')

export type StoreKind = 'sqlite' | 'redis'

/** The stores that a test runs on. */
export const STORES: readonly StoreKind[] = process.env.CAPSTAN_TEST_WITHOUT?.includes('redis')
  ? ['sqlite']
  : ['sqlite', 'redis']

/** For `test` and `describe`, where only Redis will do. */
export const NEEDS_REDIS = { skip: !STORES.includes('redis') && 'redis is left out' }

export interface SceneOptions {
  readonly redis?: RedisServerOptions
}

/** How a command ended, and what it said. */
export interface Spoken {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A store of one's own, a client of it, real workers on it and the diary in which their jobs write. */
export class Scene {
  readonly directory: string
  readonly diary: string
  readonly environment: NodeJS.ProcessEnv
  readonly connection: Connection
  readonly #server: RedisServer | null
  readonly #children: ChildProcess[] = []
  readonly #wires: Wire[] = []

  private constructor(directory: string, server: RedisServer | null, connection: Connection) {
    this.directory = directory
    this.diary = join(directory, 'diary')
    this.environment = environmentOf(directory, server)
    this.connection = connection
    this.#server = server
  }

  static async open(kind: StoreKind, { redis = {} }: SceneOptions = {}): Promise<Scene> {
    const directory = await mkdtemp(join(tmpdir(), 'capstan-scene-'))
    const server = kind === 'redis' ? await startRedisServer(redis) : null
    const sqlite = { path: join(directory, 'jobs.db'), durability: 'process-crash' } as const
    const store = server === null ? { sqlite } : { redis: server.url }
    return new Scene(directory, server, await connect({ config: { store } }))
  }

  /** Throws on SQLite. */
  get server(): RedisServer {
    assert.ok(this.#server !== null, 'this scene has no Redis')
    return this.#server
  }

  /** A connection to the Redis beside the store, for bytes that are no text. */
  async wire(): Promise<Wire> {
    const endpoint = { host: '127.0.0.1', port: this.server.port }
    const { signal } = new AbortController()
    const socket = await dial(endpoint, { clock: systemClock, timeoutMs: 5_000, tls: null, signal })
    const wire = new Wire(socket, { clock: systemClock, timeoutMs: 30_000, where: 'test' })
    this.#wires.push(wire)
    return wire
  }

  /** A real `capstan work`. */
  work(...flags: string[]): WorkerProcess {
    const worker = new WorkerProcess(FIXTURE, this.environment, flags)
    this.#children.push(worker.child)
    return worker
  }

  /** Runs a real `capstan` to its end. */
  capstan(...words: string[]): Promise<Spoken> {
    return this.run(join(ROOT, 'bin/capstan.cjs'), ...words)
  }

  /** Runs a program of Node to its end, in the directory of the workers. */
  async run(program: string, ...words: string[]): Promise<Spoken> {
    const child = spawn(process.execPath, ['--conditions=capstan-source', program, ...words], {
      cwd: FIXTURE,
      env: { ...process.env, REDIS_URL: '', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text) => {
        said[name] += text
      })
    }
    const [code] = await once(child, 'close')
    return { code, ...said }
  }

  /** What the jobs have written so far. */
  async lines(): Promise<string[]> {
    const text = await readFile(this.diary, 'utf8').catch(() => '')
    return text.split('\n').filter(Boolean)
  }

  /** Waits until the diary holds a line. */
  written(line: string): Promise<void> {
    return eventually(async () => {
      const lines = await this.lines()
      assert.ok(lines.includes(line), `"${line}" was never written; the diary says:\n${lines.join('\n')}`)
    })
  }

  /** Waits until nothing waits, runs or is to be repeated. */
  drained(): Promise<void> {
    return eventually(async () => {
      const { enqueued, inFlight, retries, scheduled } = await this.connection.store.stats(Date.now(), 1)
      assert.deepEqual({ enqueued, inFlight, retries, scheduled }, NOTHING)
    })
  }

  /** Kills what still runs and removes everything. */
  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
    for (const wire of this.#wires) wire.end({ kind: 'closed' })
    await this.connection.close()
    await this.#server?.stop()
    await rm(this.directory, { recursive: true })
  }
}

const NOTHING = { enqueued: 0, inFlight: 0, retries: 0, scheduled: 0 }

function environmentOf(directory: string, server: RedisServer | null): NodeJS.ProcessEnv {
  return server === null ? { DATABASE: join(directory, 'jobs.db') } : { REDIS_URL: server.url }
}

/** Whether a process of this id is there and no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
}

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Admin, adminOf } from '../../src/admin/index.ts'
import { type Connection, connect } from '../../src/index.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'
import { WorkerProcess } from '../system/worker-process.ts'
import { RubyConsole } from './ruby-console.ts'
import { type SidekiqOptions, SidekiqProcess } from './sidekiq-process.ts'

/** Left out on purpose; a Ruby that is merely missing makes these tests fail. */
export const WITHOUT_RUBY = /ruby|redis/.test(process.env.CAPSTAN_TEST_WITHOUT ?? '')
  ? 'left out by --without'
  : false

const CAPSTAN = join(import.meta.dirname, '../../bin/capstan.cjs')
const FIXTURE = join(import.meta.dirname, 'fixtures/worker')

/** Far above anything that is waited for here: two beats, or a few looks for due jobs, on a busy machine. */
const DEADLINE_MS = 60_000
const LOOK_EVERY_MS = 20

/** A line that a job has written, as `record` of the fixtures writes it. */
export type RecordLine = Readonly<Record<string, unknown>>

/** A job in a set as Ruby sees it. */
export interface SeenJob {
  readonly item: Readonly<Record<string, unknown>>
  readonly score: number
  readonly class: string
  readonly args: readonly unknown[]
  readonly backtrace: readonly string[] | null
  readonly tags: readonly string[]
  readonly queue: string
  /** The bytes. */
  readonly value: string
}

/** Looks again and again until there is something; fails with what was expected. */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | null | undefined | false>,
): Promise<Found> {
  const endsAt = performance.now() + DEADLINE_MS
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > endsAt) throw new Error(`never happened: ${what}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** One private Redis, a Ruby console and our own client on it, and the processes that a test starts there. */
export class SharedRedis {
  readonly server: RedisServer
  readonly ruby: RubyConsole
  readonly connection: Connection
  readonly admin: Admin
  readonly environment: NodeJS.ProcessEnv
  readonly #directory: string
  readonly #sidekiqs: SidekiqProcess[] = []
  readonly #workers: WorkerProcess[] = []

  private constructor(server: RedisServer, directory: string, connection: Connection) {
    this.server = server
    this.connection = connection
    this.admin = adminOf(systemRuntime(silentLogger), connection.store)
    this.#directory = directory
    this.environment = {
      REDIS_URL: server.url,
      RUBY_RECORDS: join(directory, 'ruby-records'),
      NODE_RECORDS: join(directory, 'node-records'),
    }
    this.ruby = new RubyConsole(this.environment)
  }

  static async start(): Promise<SharedRedis> {
    const server = await startRedisServer()
    const directory = await mkdtemp(join(tmpdir(), 'capstan-ruby-'))
    return new SharedRedis(server, directory, await connect({ config: { store: { redis: server.url } } }))
  }

  /** Starts a real `sidekiq` and waits until it is registered. */
  async sidekiq(options: SidekiqOptions, environment: NodeJS.ProcessEnv = {}): Promise<SidekiqProcess> {
    const started = new SidekiqProcess({ ...this.environment, ...environment }, options)
    this.#sidekiqs.push(started)
    await eventually('Sidekiq registers', async () => {
      if (started.hasEnded) throw new Error(`sidekiq ended:\n${started.output}`)
      return this.ruby.run('!process_of(args[0]).nil?', started.pid)
    })
    return started
  }

  /** Starts a real `capstan work` and waits until it is ready. */
  async worker(queues = 'node', flags: readonly string[] = []): Promise<WorkerProcess> {
    const started = new WorkerProcess(FIXTURE, { ...this.environment, NODE_QUEUES: queues }, flags)
    this.#workers.push(started)
    await started.said('ready')
    return started
  }

  /** What Ruby's jobs, or ours, have written so far. */
  async records(side: 'ruby' | 'node'): Promise<RecordLine[]> {
    const file = this.environment[side === 'ruby' ? 'RUBY_RECORDS' : 'NODE_RECORDS']!
    const text = await readFile(file, 'utf8').catch(() => '')
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
    return lines.filter(Boolean).map((line) => JSON.parse(line) as RecordLine)
  }

  /** The first line that the job with this jid wrote, with these fields. */
  recorded(side: 'ruby' | 'node', jid: string | null, fields: RecordLine = {}): Promise<RecordLine> {
    return eventually(`${side} runs ${jid} ${JSON.stringify(fields)}`, async () =>
      (await this.records(side)).find(
        (line) => line.jid === jid && Object.entries(fields).every(([key, value]) => line[key] === value),
      ),
    )
  }

  /** Waits until Ruby finds a job in a set. */
  seenByRuby(set: 'retry' | 'schedule' | 'dead', jid: string | null): Promise<SeenJob> {
    return eventually(`Ruby finds ${jid} in ${set}`, () =>
      this.ruby.run<SeenJob | null>('seen(*args)', set, jid),
    )
  }

  /** Waits until Ruby finds a job in a set that has failed so often. */
  seenWithCount(set: 'retry' | 'dead', jid: string | null, count: number): Promise<SeenJob> {
    return eventually(`Ruby finds ${jid} in ${set} with count ${count}`, async () => {
      const job = await this.ruby.run<SeenJob | null>('seen(*args)', set, jid)
      return job?.item.retry_count === count && job
    })
  }

  /** Makes a job due that waits in a set, its bytes untouched. */
  async makeDue(set: 'retry' | 'schedule', { value }: SeenJob): Promise<void> {
    await this.ruby.run('Sidekiq.redis { |r| r.zadd(args[0], 1.5, args[1], xx: true) }; nil', set, value)
  }

  /** Waits for a job's retry after its first failure (`count` 0) or a later one, and makes it due. */
  async makeRetryDue(jid: string | null, count = 0): Promise<void> {
    await this.makeDue('retry', await this.seenWithCount('retry', jid, count))
  }

  /** Lets the jobs that wait at this gate go on, on both sides. */
  async openGate(name: string): Promise<void> {
    await writeFile(join(this.#directory, `gate-${name}`), '')
    await this.server.command('SET', `gate:${name}`, '1')
  }

  /** Runs a command of `capstan` and returns what it printed. */
  async capstan(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=capstan-source', CAPSTAN, ...words],
      { cwd: FIXTURE, env: { ...process.env, ...this.environment } },
    )
    return stdout
  }

  /** A look at the raw Redis, line by line. */
  async lines(...words: string[]): Promise<string[]> {
    return (await this.server.command(...words)).split('\n').filter(Boolean)
  }

  async close(): Promise<void> {
    for (const { child } of [...this.#sidekiqs, ...this.#workers]) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    }
    await Promise.all([...this.#sidekiqs, ...this.#workers].map(({ exited }) => exited))
    await this.ruby.end()
    await this.connection.close()
    await this.server.stop()
    await rm(this.#directory, { recursive: true })
  }
}

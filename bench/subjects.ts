import { join } from 'node:path'
import { POSTGRES_DURABILITY, PostgresServer } from './servers/postgres.ts'
import { REDIS_DURABILITY, RedisServer } from './servers/redis.ts'
import type { MeteredServer } from './servers/server.ts'

/** What a measure runs: one system on one server with one setting of durability. */
export interface Subject {
  readonly name: string
  readonly kind: 'capstan' | 'peer' | 'limit'
  /** What a job that was accepted survives. */
  readonly durability: string
  /** null: it writes a file itself. */
  readonly server: MeteredServer | null
  readonly argv: readonly string[]
  /** Jobs of one measure at about this concurrency: about a second's worth. */
  readonly jobs: (concurrency: number) => number
  /** Jobs that it fetches at a time at this concurrency. */
  readonly batch: (concurrency: number) => number
  /** Jobs that are enqueued one by one in about half a second. */
  readonly singles: number
  /** Highest concurrency that its documentation advises. */
  readonly mostConcurrency: number
  /** The same as the subject before it but for durability: what durability cannot change is not measured again. */
  readonly isVariant: boolean
  /** The same subject with a server of its own below a folder, to be measured while others are. */
  apart(directory: string): Promise<Subject>
}

/** What this machine has. */
export interface Servers {
  readonly directory: string
  readonly redis: MeteredServer
  /** null where PostgreSQL is not installed. */
  readonly postgres: MeteredServer | null
  /** How to start Ruby, with YJIT where it has it; null without Sidekiq. */
  readonly ruby: readonly string[] | null
}

/** Redis's own limit. */
export const RPOP = 'limit: RPOP in batches'

const UNRELIABLE = `${REDIS_DURABILITY}; a process that dies loses the jobs it runs`

const onNode = (file: string, address: string): string[] => [
  process.execPath,
  join(import.meta.dirname, 'child.ts'),
  join(import.meta.dirname, file),
  address,
]

const asManyAsSlots = (concurrency: number): number => concurrency
/** So many at least are fetched at a time, by the settings in bench/peers/. */
const PG_BOSS_BATCH = 100
const GRAPHILE_BATCH = 500

const pace = (one: number, ten: number, more: number) => (concurrency: number) =>
  concurrency < 5 ? one : concurrency < 50 ? ten : more

export function subjectsOn({ directory, redis, postgres, ruby }: Servers): Subject[] {
  return [
    onRedis(redis, {
      ...{ name: 'Capstan, Redis', kind: 'capstan', file: 'systems/capstan-redis.ts' },
      ...{ jobs: pace(20_000, 80_000, 200_000), singles: 4_000 },
    }),
    capstanOnSqlite(directory, 'process-crash'),
    capstanOnSqlite(directory, 'power-loss'),
    onRedis(redis, {
      ...{ name: 'BullMQ', kind: 'peer', file: 'peers/bullmq.ts' },
      ...{ jobs: pace(5_000, 12_000, 15_000), singles: 1_500 },
    }),
    ...(postgres === null
      ? []
      : [
          onPostgres(postgres, {
            ...{ name: 'pg-boss', jobs: pace(5_000, 8_000, 10_000) },
            batch: (concurrency) => Math.max(PG_BOSS_BATCH, concurrency),
          }),
          onPostgres(postgres, {
            ...{ name: 'graphile-worker', jobs: pace(15_000, 20_000, 20_000) },
            batch: (concurrency) => Math.max(GRAPHILE_BATCH, concurrency + 1),
          }),
        ]),
    ...(ruby === null ? [] : [sidekiq(redis, ruby)]),
    onRedis(redis, {
      ...{ name: RPOP, kind: 'limit', file: 'systems/raw-rpop.ts' },
      ...{ jobs: pace(20_000, 150_000, 400_000), singles: 4_000, durability: UNRELIABLE },
    }),
    onRedis(redis, {
      ...{ name: 'limit: LMOVE by a socket', kind: 'limit', file: 'systems/raw-lmove.ts' },
      ...{ jobs: pace(20_000, 100_000, 200_000), singles: 4_000 },
    }),
  ]
}

interface RedisSubject extends Pick<Subject, 'name' | 'kind' | 'jobs' | 'singles'> {
  readonly file: string
  readonly durability?: string
}

function onRedis(server: MeteredServer, { file, durability, ...rest }: RedisSubject): Subject {
  return {
    ...rest,
    ...{ durability: durability ?? REDIS_DURABILITY, server, argv: onNode(file, server.address) },
    ...{ batch: asManyAsSlots, mostConcurrency: Number.POSITIVE_INFINITY, isVariant: false },
    apart: async (directory) => onRedis(await RedisServer.start(directory), { file, ...rest }),
  }
}

function capstanOnSqlite(directory: string, durability: 'process-crash' | 'power-loss'): Subject {
  const isFull = durability === 'power-loss'
  const name = isFull ? 'FULL' : 'NORMAL'
  return {
    ...{ name: `Capstan, SQLite ${name}`, kind: 'capstan', server: null, isVariant: isFull },
    durability: isFull
      ? 'every commit synced'
      : 'the crash of a process; a power cut may take the last commits',
    argv: onNode('systems/capstan-sqlite.ts', `${durability}:${directory}/${name}.db`),
    ...(isFull
      ? { jobs: pace(300, 2_500, 20_000), singles: 150 }
      : { jobs: pace(6_000, 30_000, 80_000), singles: 3_000 }),
    ...{ batch: asManyAsSlots, mostConcurrency: Number.POSITIVE_INFINITY },
    apart: async (other) => capstanOnSqlite(other, durability),
  }
}

function onPostgres(server: MeteredServer, own: Pick<Subject, 'name' | 'jobs' | 'batch'>): Subject {
  return {
    ...{ ...own, kind: 'peer', durability: POSTGRES_DURABILITY, server, singles: 130 },
    argv: onNode(`peers/${own.name}.ts`, server.address),
    ...{ mostConcurrency: Number.POSITIVE_INFINITY, isVariant: false },
    apart: async (directory) => onPostgres(await PostgresServer.start(directory), own),
  }
}

function sidekiq(server: MeteredServer, ruby: readonly string[]): Subject {
  return {
    ...{ name: 'Sidekiq', kind: 'peer', durability: UNRELIABLE, server },
    argv: [...ruby, join(import.meta.dirname, 'peers/sidekiq.rb'), server.address],
    ...{ jobs: pace(10_000, 12_000, 12_000), singles: 1_500, batch: asManyAsSlots },
    ...{ mostConcurrency: 50, isVariant: false },
    apart: async (directory) => sidekiq(await RedisServer.start(directory), ruby),
  }
}

import { join } from 'node:path'
import type { MeteredServer } from './servers/server.ts'

/** What a measure runs: one system on one server with one setting of durability. */
export interface Subject {
  readonly name: string
  readonly kind: 'capstan' | 'peer' | 'limit'
  readonly durability: string
  /** null: it writes a file itself. */
  readonly server: MeteredServer | null
  readonly argv: readonly string[]
  /** Jobs of one measure at about this concurrency: about a second's worth. */
  readonly jobs: (concurrency: number) => number
  /** Jobs that are enqueued one by one in about half a second. */
  readonly singles: number
  /** Highest concurrency that its documentation advises. */
  readonly mostConcurrency: number
}

export interface Servers {
  readonly directory: string
  readonly redis: MeteredServer
  /** null where PostgreSQL is not installed. */
  readonly postgres: MeteredServer | null
  /** How to start Ruby, with YJIT where it has it; null without Sidekiq. */
  readonly ruby: readonly string[] | null
  readonly hasPeers: boolean
}

const REDIS = 'append-only file synced each second'
const POSTGRES = 'every commit synced'

const onNode = (file: string, address: string): string[] => [
  process.execPath,
  join(import.meta.dirname, 'child.ts'),
  join(import.meta.dirname, file),
  address,
]

const pace = (one: number, ten: number, more: number) => (concurrency: number) =>
  concurrency < 5 ? one : concurrency < 50 ? ten : more

export function subjectsOn(servers: Servers): Subject[] {
  const { redis, postgres, hasPeers, ruby } = servers
  const unbound = { mostConcurrency: Number.POSITIVE_INFINITY }
  const capstan = (file: string, address: string) => ({
    ...{ kind: 'capstan' as const, argv: onNode(`systems/${file}.ts`, address) },
    ...unbound,
  })
  return [
    {
      ...capstan('capstan-redis', redis.address),
      ...{ name: 'Capstan, Redis', durability: REDIS, server: redis },
      ...{ jobs: pace(20_000, 80_000, 200_000), singles: 4_000 },
    },
    {
      ...capstan('capstan-sqlite', `process-crash:${servers.directory}/normal.db`),
      ...{ name: 'Capstan, SQLite NORMAL', durability: 'process-crash', server: null },
      ...{ jobs: pace(6_000, 30_000, 80_000), singles: 3_000 },
    },
    {
      ...capstan('capstan-sqlite', `power-loss:${servers.directory}/full.db`),
      ...{ name: 'Capstan, SQLite FULL', durability: 'power-loss', server: null },
      ...{ jobs: pace(300, 2_500, 20_000), singles: 150 },
    },
    ...(hasPeers ? [bullmq(redis)] : []),
    ...(hasPeers && postgres ? onPostgres(postgres) : []),
    ...(ruby ? [sidekiq(redis, ruby)] : []),
    {
      ...{
        name: 'limit: RPOP in batches',
        kind: 'limit',
        durability: `${REDIS}; a dying worker loses its jobs`,
        server: redis,
      },
      argv: onNode('systems/raw-rpop.ts', redis.address),
      ...{ jobs: pace(20_000, 150_000, 400_000), singles: 4_000 },
      ...unbound,
    },
  ]
}

function bullmq(redis: MeteredServer): Subject {
  return {
    ...{ name: 'BullMQ', kind: 'peer', durability: REDIS, server: redis },
    argv: onNode('peers/bullmq.ts', redis.address),
    ...{ jobs: pace(5_000, 12_000, 15_000), singles: 1_500 },
    mostConcurrency: Number.POSITIVE_INFINITY,
  }
}

function onPostgres(postgres: MeteredServer): Subject[] {
  const shared = { kind: 'peer', durability: POSTGRES, server: postgres, singles: 130 } as const
  return [
    {
      ...{ ...shared, name: 'pg-boss', argv: onNode('peers/pg-boss.ts', postgres.address) },
      ...{ jobs: pace(5_000, 8_000, 10_000), mostConcurrency: Number.POSITIVE_INFINITY },
    },
    {
      ...{ ...shared, name: 'graphile-worker', argv: onNode('peers/graphile-worker.ts', postgres.address) },
      ...{ jobs: pace(15_000, 20_000, 20_000), mostConcurrency: Number.POSITIVE_INFINITY },
    },
  ]
}

function sidekiq(redis: MeteredServer, ruby: readonly string[]): Subject {
  return {
    ...{
      name: 'Sidekiq',
      kind: 'peer',
      durability: `${REDIS}; a dying worker loses its jobs`,
      server: redis,
    },
    argv: [...ruby, join(import.meta.dirname, 'peers/sidekiq.rb'), redis.address],
    ...{ jobs: pace(10_000, 12_000, 12_000), singles: 1_500 },
    mostConcurrency: 50,
  }
}

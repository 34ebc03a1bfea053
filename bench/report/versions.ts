import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Servers } from '../subjects.ts'

const run = promisify(execFile)
const PEERS = join(import.meta.dirname, '../peers/node_modules')
const RUBY_VERSIONS =
  'require "sidekiq/version"; print RUBY_VERSION, defined?(RubyVM::YJIT) && RubyVM::YJIT.enabled? ? " with YJIT" : " without YJIT", "/", Sidekiq::VERSION'

/** Of everything that a run measured. */
export async function versionsOf({ redis, postgres, ruby }: Servers): Promise<Record<string, string>> {
  return {
    Capstan: versionIn(join(import.meta.dirname, '../..')),
    Node: process.versions.node,
    SQLite: process.versions.sqlite ?? 'unknown',
    Redis: await redis.version(),
    ...{ BullMQ: versionIn(join(PEERS, 'bullmq')), ioredis: versionIn(join(PEERS, 'ioredis')) },
    ...(postgres === null ? {} : onPostgres(await postgres.version())),
    ...(ruby === null ? {} : await rubyVersions(ruby)),
  }
}

const versionIn = (folder: string): string =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version

function onPostgres(PostgreSQL: string): Record<string, string> {
  const [pgBoss, graphile] = ['pg-boss', 'graphile-worker'].map((name) => versionIn(join(PEERS, name)))
  return { PostgreSQL, 'pg-boss': pgBoss!, 'graphile-worker': graphile! }
}

async function rubyVersions([program, ...options]: readonly string[]): Promise<Record<string, string>> {
  const { stdout } = await run(program!, [...options, '-e', RUBY_VERSIONS])
  const [Ruby = 'unknown', Sidekiq = 'unknown'] = stdout.split('/')
  return { Ruby, Sidekiq }
}

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Plan } from '../plan.ts'
import type { Servers } from '../subjects.ts'

const run = promisify(execFile)
const PEERS = join(import.meta.dirname, '../peers')
const GIB = 1024 ** 3

/** Where and with what a run was made. */
export interface Facts {
  readonly day: string
  readonly machine: string
  readonly load: string
  readonly rounds: number
  readonly versions: Readonly<Record<string, string>>
}

export async function facts(servers: Servers, plan: Plan): Promise<Facts> {
  const [cpu] = cpus()
  return {
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / GIB)} GiB`,
    load: loadavg()[1]!.toFixed(1),
    rounds: plan.rounds,
    versions: {
      Node: process.versions.node,
      SQLite: process.versions.sqlite ?? 'unknown',
      Redis: await servers.redis.version(),
      ...(servers.postgres ? { PostgreSQL: await servers.postgres.version() } : {}),
      ...(servers.hasPeers ? peerVersions(servers.postgres !== null) : {}),
      ...(servers.ruby ? await rubyVersions(servers.ruby) : {}),
    },
  }
}

function peerVersions(withPostgres: boolean): Record<string, string> {
  const versionOf = (name: string): string =>
    JSON.parse(readFileSync(join(PEERS, 'node_modules', name, 'package.json'), 'utf8')).version
  return {
    ...{ BullMQ: versionOf('bullmq'), ioredis: versionOf('ioredis') },
    ...(withPostgres
      ? { 'pg-boss': versionOf('pg-boss'), 'graphile-worker': versionOf('graphile-worker') }
      : {}),
  }
}

async function rubyVersions([program, ...options]: readonly string[]): Promise<Record<string, string>> {
  const script =
    'require "sidekiq/version"; print RUBY_VERSION, " ", defined?(RubyVM::YJIT) && RubyVM::YJIT.enabled? ? "with YJIT" : "without YJIT", "/", Sidekiq::VERSION'
  const { stdout } = await run(program!, [...options, '-e', script])
  const [ruby = 'unknown', sidekiq = 'unknown'] = stdout.split('/')
  return { Ruby: ruby, Sidekiq: sidekiq }
}

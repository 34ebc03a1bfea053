// Measures Capstan, its peers and the limits of the server in turn. Run it with bin/bench.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench } from './bench.ts'
import { machine } from './machine.ts'
import { measureAll } from './measure-all.ts'
import { FULL, GRACE_MINUTES, type Plan, QUICK } from './plan.ts'
import { chart } from './report/chart.ts'
import { page } from './report/page.ts'
import { versionsOf } from './report/versions.ts'
import { Samples } from './samples.ts'
import { hasPostgres, PostgresServer } from './servers/postgres.ts'
import { RedisServer } from './servers/redis.ts'
import { type Servers, subjectsOn } from './subjects.ts'

const DOCUMENTS = join(import.meta.dirname, '../docs/internals')

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, write: { type: 'boolean' } },
})

async function startServers(directory: string): Promise<Servers & { stop(): Promise<void> }> {
  const redis = await RedisServer.start(directory)
  const postgres = hasPostgres() ? await PostgresServer.start(directory) : null
  return {
    ...{ directory, redis, postgres, ruby: rubyWithSidekiq() },
    async stop() {
      await Promise.all([redis.stop(), postgres?.stop()])
    },
  }
}

/** Debian's, as its package puts it; asked whether it can be started with its compiler. */
function rubyWithSidekiq(): string[] | null {
  if (!existsSync('/usr/bin/sidekiq')) return null
  const compiled = spawnSync('ruby', ['--yjit', '-e', '0'])
  return compiled.status === 0 ? ['ruby', '--yjit'] : ['ruby']
}

/** Progress, with the time since the start. */
function say(text: string): void {
  const seconds = Math.floor(performance.now() / 1_000)
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  console.error(`bench: ${clock} ${text}`)
}

async function measure(directory: string, plan: Plan): Promise<void> {
  const before = machine()
  const servers = await startServers(directory)
  try {
    const subjects = subjectsOn(servers)
    const samples = new Samples(subjects.map(({ name }) => name))
    const bench: Bench = { plan, servers, subjects, samples, remarks: [], say }
    const rounds = await measureAll(bench)
    const facts = { ...before, rounds, command: commandLine(), versions: await versionsOf(servers) }
    await report(bench, { ...facts, seconds: Math.round(performance.now() / 1_000) })
  } finally {
    await servers.stop()
  }
}

const commandLine = (): string => ['bin/bench', ...process.argv.slice(2)].join(' ')

async function report(bench: Bench, facts: Parameters<typeof page>[1]): Promise<void> {
  const { samples, subjects, remarks } = bench
  const durability = Object.fromEntries(subjects.map((subject) => [subject.name, subject.durability]))
  const text = page(bench, facts)
  console.log(
    flags.json ? JSON.stringify({ ...facts, durability, remarks, samples: samples.all }, null, 1) : text,
  )
  if (!flags.write) return
  await writeFile(join(DOCUMENTS, 'benchmarks.md'), text)
  await writeFile(join(DOCUMENTS, 'benchmarks.svg'), chart(samples))
}

const plan = flags.quick ? QUICK : FULL
const mostMs = (plan.mostMinutes + GRACE_MINUTES) * 60_000
const giveUp = () => {
  say(`ended after ${mostMs / 60_000} minutes: something is stuck, or the machine is too busy`)
  process.exit(1)
}
setTimeout(giveUp, mostMs).unref()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
// Servers that are killed at this moment still write for a while.
process.once('exit', () => spawnSync('sh', ['-c', 'sleep 0.5; rm -rf "$0"', directory]))
// PostgreSQL runs as a user of its own when this runs as root, and must find its folder.
await chmod(directory, 0o755)
await measure(directory, plan)

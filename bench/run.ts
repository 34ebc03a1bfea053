// Measures Capstan, its peers and the limits of the server in turn. Run it with bin/bench.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, endPair, type Pair, startPair } from './bench.ts'
import { measureEnqueue } from './measures/enqueue.ts'
import { measureGrowth } from './measures/growth.ts'
import { measureIdle } from './measures/idle.ts'
import { measureLmove } from './measures/lmove.ts'
import { measureMemory } from './measures/memory.ts'
import { measureProcessing, SETTINGS } from './measures/processing.ts'
import { buildApplication, measureOwnStartUp, measurePeerStartUp } from './measures/start-up.ts'
import { FULL, type Plan, QUICK } from './plan.ts'
import { chart } from './report/chart.ts'
import { type Facts, facts } from './report/facts.ts'
import { page } from './report/page.ts'
import { tables } from './report/tables.ts'
import { Samples } from './samples.ts'
import { PostgresServer, postgresPrograms } from './servers/postgres.ts'
import { RedisServer } from './servers/redis.ts'
import { type Servers, type Subject, subjectsOn } from './subjects.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGE = join(ROOT, 'docs/internals/benchmarks.md')
const CHART = join(ROOT, 'docs/internals/benchmarks.svg')

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
})

/** Measures all subjects in turn, so that what else the machine does falls on all of them. */
async function measureAll(bench: Bench): Promise<void> {
  const { plan, subjects, say } = bench
  const pairs: Pair[] = []
  try {
    for (const subject of subjects) pairs.push(await startPair(subject))
    for (let round = 1; round <= plan.rounds; round++) {
      say(`round ${round} of ${plan.rounds}: enqueuing`)
      for (const pair of pairs) await measureEnqueue(bench, pair)
      for (const setting of SETTINGS) {
        say(`round ${round} of ${plan.rounds}: processing, ${setting.name}`)
        for (const pair of pairs) await measureProcessing(bench, pair, setting)
        if (setting.name === 'C=100') await measureLmove(bench)
      }
      say(`round ${round} of ${plan.rounds}: idle workers`)
      for (const pair of pairs) await measureIdle(bench, pair)
    }
  } finally {
    await Promise.all(pairs.map(endPair))
  }
  await measureApart(bench)
}

/** What needs processes of its own. */
async function measureApart(bench: Bench): Promise<void> {
  const { plan, servers, say } = bench
  const subjects = bench.subjects.filter(({ kind }) => kind !== 'limit')
  say('start-up')
  const application = await buildApplication(servers.directory)
  for (let round = 0; round < plan.rounds; round++) {
    await measureOwnStartUp(bench, application)
    for (const subject of subjects) if (subject.kind === 'peer') await measurePeerStartUp(bench, subject)
  }
  say('memory')
  for (const subject of subjects) await measureMemory(bench, subject)
  say('growth')
  const [redis] = subjects as [Subject]
  for (let round = 0; round < Math.min(3, plan.rounds); round++) await measureGrowth(bench, redis)
}

async function startServers(directory: string): Promise<Servers & { stop(): Promise<void> }> {
  const programs = postgresPrograms()
  const redis = await RedisServer.start(directory)
  const postgres = programs === null ? null : await PostgresServer.start(programs, directory)
  return {
    ...{ directory, redis, postgres },
    ruby: rubyWithSidekiq(),
    hasPeers: existsSync(join(import.meta.dirname, 'peers/node_modules/bullmq')),
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

function planOf(): Plan {
  const plan = flags.quick ? QUICK : FULL
  return flags.rounds === undefined ? plan : { ...plan, rounds: Number(flags.rounds) }
}

async function report(bench: Bench, about: Facts): Promise<void> {
  const { samples, subjects } = bench
  if (flags.json) console.log(JSON.stringify({ ...about, samples: samples.all }, null, 1))
  else console.log(tables(samples))
  if (!flags.write) return
  await writeFile(PAGE, page(samples, subjects, about))
  await writeFile(CHART, chart(samples))
}

const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
// PostgreSQL runs as a user of its own when this runs as root, and must find its folder.
await chmod(directory, 0o755)
const servers = await startServers(directory)
try {
  const all = subjectsOn(servers)
  const subjects = flags.only === undefined ? all : all.filter(({ name }) => name.includes(flags.only!))
  const samples = new Samples()
  const say = (text: string) => console.error(`bench: ${text}`)
  const bench: Bench = { plan: planOf(), servers, subjects, samples, say }
  await measureAll(bench)
  await report(bench, await facts(servers, bench.plan))
} finally {
  await servers.stop()
  await rm(directory, { recursive: true, force: true })
}

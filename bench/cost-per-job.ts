// What one no-op job costs: wall time, CPU of this process and of Redis, round trips; and how soon an idle worker
// picks a job up. Run it with bin/bench; --json prints one document, --quick takes fewer jobs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from '../src/client/client.ts'
import { setDefaultClient } from '../src/client/default-client.ts'
import { defineJob } from '../src/client/define-job.ts'
import { registry } from '../src/job/registry.ts'
import { silentLogger } from '../src/kernel/logger.ts'
import { systemRuntime } from '../src/kernel/runtime.ts'
import { openRedisStore } from '../src/store/redis/index.ts'
import { openSqliteStore, type SqliteDurability } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { linuxHost } from '../src/worker/host.ts'
import { Worker } from '../src/worker/worker.ts'
import { RedisMeter } from './redis-meter.ts'

const { values: flags } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const ROUNDS = flags.quick ? 3 : 5
const JOBS: Readonly<Record<number, number>> = flags.quick
  ? { 1: 3_000, 10: 20_000, 100: 50_000 }
  : { 1: 10_000, 10: 60_000, 100: 200_000 }
const PICK_UPS = flags.quick ? 100 : 400
const PADDING = 'x'.repeat(100) // brings the payload to about 250 bytes

interface Row {
  store: string
  concurrency: number
  jobsPerSecond: number
  nodeUs: number
  redisUs: number | null
  commandsPerJob: number | null
}

const runtime = systemRuntime(silentLogger)
let done = 0
let wanted = 0
let reached = () => {}
const noop = defineJob({
  name: 'Noop',
  run(_args: [number, string]) {
    done += 1
    if (done === wanted) reached()
  },
})

function newWorker(store: Store, concurrency: number, queues: readonly string[]): Worker {
  return new Worker(runtime, store, {
    capsules: [
      {
        name: 'default',
        concurrency,
        mode: 'strict',
        weights: Object.fromEntries(queues.map((queue) => [queue, 0])),
      },
    ],
    registry: registry([noop.definition]),
    host: linuxHost({ hostname: 'bench', pid: process.pid, rssKib: () => 0 }),
    version: 'bench',
  })
}

/** Processes `jobs` no-op jobs; every one is counted, and none may run twice. */
async function processJobs(
  store: Store,
  concurrency: number,
  meter: RedisMeter | null,
): Promise<Omit<Row, 'store' | 'concurrency'>> {
  const jobs = JOBS[concurrency]!
  await noop.enqueueMany(Array.from({ length: jobs }, (_, i): [number, string] => [i, PADDING]))
  done = 0
  wanted = jobs
  const all = new Promise<void>((resolve) => {
    reached = resolve
  })
  const worker = newWorker(store, concurrency, ['default'])
  const redis = await meter?.read()
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await worker.start()
  await all
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const after = await meter?.read()
  await worker.stop()
  const { enqueued, inFlight } = await store.stats(Date.now(), 1)
  if (done !== jobs || enqueued + inFlight !== 0)
    throw new Error(`${jobs} jobs, ${done} runs, ${enqueued + inFlight} left`)
  return {
    jobsPerSecond: jobs / seconds,
    nodeUs: (user + system) / jobs,
    redisUs: redis && after ? (after.cpuUs - redis.cpuUs) / jobs : null,
    commandsPerJob: redis && after ? (after.commands - redis.commands) / jobs : null,
  }
}

/** Milliseconds from enqueue to run on an idle worker of three queues: the middle and the slowest hundredth. */
async function pickUp(store: Store): Promise<{ p50: number; p99: number }> {
  const worker = newWorker(store, 10, ['default', 'second', 'third'])
  await worker.start()
  const times: number[] = []
  for (let i = 0; i < PICK_UPS; i++) {
    await sleep(5)
    done = 0
    wanted = 1
    const ran = new Promise<void>((resolve) => {
      reached = resolve
    })
    const begun = performance.now()
    await noop.with({ queue: ['default', 'second', 'third'][i % 3]! }).enqueue(i, PADDING)
    await ran
    times.push(performance.now() - begun)
  }
  await worker.stop()
  times.sort((a, b) => a - b)
  return { p50: times[Math.floor(times.length / 2)]!, p99: times[Math.floor(times.length * 0.99)]! }
}

/** Commands a second that an idle worker of three queues sends. */
async function idleCost(store: Store, meter: RedisMeter): Promise<number> {
  const worker = newWorker(store, 10, ['default', 'second', 'third'])
  await worker.start()
  await sleep(500)
  const before = await meter.read()
  await sleep(10_000)
  const after = await meter.read()
  await worker.stop()
  return (after.commands - before.commands) / 10
}

function median(rows: readonly Row[], key: keyof Row): number | null {
  const numbers = rows
    .map((row) => row[key])
    .filter((value) => typeof value === 'number')
    .sort((a, b) => a - b)
  return numbers[Math.floor(numbers.length / 2)] ?? null
}

async function measure(name: string, store: Store, meter: RedisMeter | null): Promise<object> {
  setDefaultClient(new Client(runtime, store))
  await processJobs(store, 10, meter) // warm-up
  const rows: Row[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const concurrency of [1, 10, 100])
      rows.push({ store: name, concurrency, ...(await processJobs(store, concurrency, meter)) })
  }
  const cells = [1, 10, 100].map((concurrency) => {
    const own = rows.filter((row) => row.concurrency === concurrency)
    const keys = ['jobsPerSecond', 'nodeUs', 'redisUs', 'commandsPerJob'] as const
    return {
      concurrency,
      rounds: own.length,
      ...Object.fromEntries(keys.map((key) => [key, median(own, key)])),
    }
  })
  const idle = meter === null ? null : await idleCost(store, meter)
  const result = { store: name, cells, pickUpMs: await pickUp(store), idleCommandsPerSecond: idle }
  if (!flags.json) console.dir(result, { depth: 4 })
  return result
}

const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
const socket = join(directory, 'redis.sock')
const server = spawn(
  'redis-server',
  [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
  ],
  { stdio: 'ignore' },
)
try {
  while (!existsSync(socket)) await sleep(20)
  const results: object[] = []
  for (const durability of ['process-crash', 'power-loss'] satisfies SqliteDurability[]) {
    const store = await openSqliteStore(runtime, { path: join(directory, `${durability}.db`), durability })
    results.push(await measure(`sqlite, ${durability}`, store, null))
    await store.close()
  }
  const store = await openRedisStore(runtime, { url: `unix://${socket}` })
  const meter = await RedisMeter.connect(socket)
  results.push(await measure('redis, append-only file synced each second', store, meter))
  meter.close()
  await store.close()
  if (flags.json) console.log(JSON.stringify({ node: process.version, results }, null, 2))
} finally {
  server.kill('SIGTERM')
  await once(server, 'exit')
  await rm(directory, { recursive: true })
}

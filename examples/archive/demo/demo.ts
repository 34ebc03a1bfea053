import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect, type Store } from 'capstan'
import { archiveFile } from '../jobs/archive-file.ts'
import { check, type Verdict } from './check.ts'
import { startRedis } from './redis.ts'
import { DemoWorker, type WorkerCounts } from './worker.ts'

const LOOK_MS = 20
/** A terminal is drawn over; a log gets a line now and then. */
const SHOW_MS = process.stderr.isTTY ? 100 : 1_000
/** Far beyond what the default folder takes; a demo that hangs must end. */
const LONGEST_MS = 10 * 60_000

interface Ledger extends Verdict, WorkerCounts {
  enqueued: number
  seconds: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { redis: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const source = resolve(positionals[0] ?? join(import.meta.dirname, '../../../node_modules'))
const target = await mkdtemp(join(tmpdir(), 'capstan-demo-'))
const say = (text: string) => process.stderr.write(text)
const redis = values.redis ? await startRedis(target) : null
const environment =
  redis === null ? { ARCHIVE_DB: join(target, 'jobs.db'), REDIS_URL: '' } : { REDIS_URL: redis.url }

try {
  const ledger = await run()
  if (values.json) process.stdout.write(`${JSON.stringify(ledger)}\n`)
  else process.stdout.write(story(ledger))
  process.exitCode = ledger.lost + ledger.wrong === 0 ? 0 : 1
} finally {
  await redis?.stop()
}

async function run(): Promise<Ledger> {
  Object.assign(process.env, environment)
  const files = await filesBelow(source)
  await using connection = await connect({ directory: join(import.meta.dirname, '..') })
  const begun = performance.now()
  const rows = files.map((file): [string, string, string] => [source, target, file])
  const enqueued = await archiveFile.enqueueMany(rows)
  say(`${enqueued} files of ${source} are in the queue\n`)
  const counts = { retried: 0, recovered: 0 }
  await workThrough(connection.store, enqueued, counts)
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
  say('\nchecking the manifest against sha256sum and every archive against the manifest\n')
  return { enqueued, ...(await check(source, target, files)), ...counts, seconds }
}

/** One worker until half is done, which then dies without warning, and another for the rest. */
async function workThrough(store: Store, enqueued: number, counts: WorkerCounts): Promise<void> {
  const first = new DemoWorker(environment, counts)
  await first.ready
  await until(store, enqueued, (left) => left <= enqueued / 2)
  await first.end('SIGKILL')
  say('\nhalf-way: the worker was killed with SIGKILL, with jobs in its hands; starting another\n')
  const second = new DemoWorker(environment, counts)
  await second.ready
  await until(store, enqueued, (left) => left === 0)
  await second.end('SIGTERM')
}

async function until(store: Store, enqueued: number, reached: (left: number) => boolean): Promise<void> {
  const endsAt = performance.now() + LONGEST_MS
  for (let shownAt = Number.NEGATIVE_INFINITY; ; ) {
    const { enqueued: waiting, retries, inFlight, scheduled } = await store.stats(Date.now(), 1)
    const left = waiting + retries + inFlight + scheduled
    const isReached = reached(left)
    if (isReached || performance.now() - shownAt >= SHOW_MS) {
      shownAt = performance.now()
      const numbers = `${waiting} waiting, ${inFlight} running, ${retries} to retry`
      say(`${process.stderr.isTTY ? '\r' : '\n'}${bar(1 - left / enqueued)} ${numbers}  `)
    }
    if (isReached) return
    if (performance.now() > endsAt)
      throw new Error(`not done after ${LONGEST_MS / 60_000} minutes: ${left} jobs left`)
    await sleep(LOOK_MS)
  }
}

function bar(share: number): string {
  const filled = Math.round(share * 20)
  return `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]`
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
  // sha256sum escapes such names in its lists; the demo does without them.
  return files.filter((file) => !/[\n\r\\]/.test(file)).sort()
}

function story(ledger: Ledger): string {
  const rows = Object.entries(ledger).map(([name, value]) => `  ${name.padEnd(10)} ${value}`)
  return `\n${rows.join('\n')}\n\nThe archives and manifest.sha256 are in ${target}.\nThe job: examples/archive/jobs/archive-file.ts. How no job got lost: ARCHITECTURE.md, "The life of a job".\n`
}

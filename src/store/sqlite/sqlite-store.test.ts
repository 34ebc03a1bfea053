import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import type { Settlement } from '../exchange.ts'
import type { Store } from '../store.ts'
import { TOKEN_MS } from '../transfer.ts'
import { openSqliteStore } from './sqlite-store.ts'

const T0 = Date.UTC(2025, 9, 14, 10, 30)
const MIB = 1024 * 1024
const IDENTITY = 'host-1:4321:aaaaaaaaaaaa'
const runtime = { clock: systemClock, random: seededRandom(1), logger: silentLogger }
const root = mkdtempSync(join(tmpdir(), 'capstan-store-'))
after(() => rmSync(root, { recursive: true }))

let files = 0
const freshPath = () => join(root, `${++files}`, 'jobs.sqlite')
const open = (path: string) => openSqliteStore(runtime, { path, durability: 'process-crash' })
const jobsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ queue: 'a', payload: payloadOf(index), at: null }))
const payloadOf = (index: number) => `{"class":"Thumbnail","args":[${index}],"jid":"${index}"}`.padEnd(250)

function register(store: Store) {
  const worker = {
    ...{ identity: IDENTITY, hostname: 'host-1', pid: 4321, bootId: '', processStart: '', startedAt: T0 },
    ...{ tag: '', labels: [], capsules: [], version: '0.1.0' },
  }
  const idle = { quiet: false, running: [], processed: 0, failed: 0, rssKib: 1, roundTripUs: 1 }
  return store.heartbeat({ worker, now: T0, ...idle })
}

/** Works until the queue is empty, a hundred jobs at a time. Returns how many were done. */
async function drain(store: Store): Promise<number> {
  let settle: Settlement[] = []
  for (let done = 0; ; done += settle.length) {
    const { claims } = await store.exchange({
      identity: IDENTITY,
      now: T0,
      settle,
      queues: ['a'],
      count: 100,
    })
    settle = claims.map(({ token }) => ({ token, to: 'done' }))
    if (claims.length === 0) return done
  }
}

/** What the file says by itself, without the numbers that the store keeps beside. */
function counted(path: string) {
  const database = new DatabaseSync(path, { readOnly: true })
  const count = (what: string) => database.prepare(`SELECT count(*) AS count FROM ${what}`).get()?.count
  const counts = { jobs: count('jobs'), waiting: count('waiting'), tokens: count('push_tokens') }
  database.close()
  return counts
}

describe('openSqliteStore', () => {
  test('the file does not grow when jobs come and go, and the WAL stays small', async () => {
    const path = freshPath()
    const store = await open(path)
    await register(store)
    const sizes: number[] = []
    for (let round = 0; round < 10; round++) {
      for (let batch = 0; batch < 10; batch++) {
        await store.push({ token: `${round}-${batch}`, now: T0, jobs: jobsOf(1_000) })
      }
      assert.equal(await drain(store), 10_000)
      sizes.push(statSync(path).size)
      assert.ok(statSync(`${path}-wal`).size < 8 * MIB, `WAL of ${statSync(`${path}-wal`).size} bytes`)
    }
    assert.ok(sizes.at(-1)! <= sizes[1]! * 1.1, sizes.join(', '))
    await store.close()
    assert.equal(counted(path).jobs, 0)
  })

  test('the sizes it keeps are those of a count, after everything that changes them', async () => {
    const path = freshPath()
    const store = await open(path)
    await register(store)
    await store.push({ token: 't', now: T0, jobs: [...jobsOf(50), { ...jobsOf(1)[0]!, at: T0 + 1 }] })
    const { claims } = await store.exchange({
      identity: IDENTITY,
      now: T0,
      settle: [],
      queues: ['a'],
      count: 20,
    })
    const settle = claims.slice(0, 12).map(({ token }, index): Settlement => {
      if (index < 3) return { token, to: 'done' }
      if (index < 6) return { token, to: 'retry', payload: 'again', at: T0 + 2 }
      return index < 9
        ? { token, to: 'dead', payload: null, reason: null }
        : { token, to: 'queue', payload: null }
    })
    await store.exchange({ identity: IDENTITY, now: T0, settle, queues: [], count: 0 })
    await store.promote({ now: T0 + 2, limit: 2, route: () => ({ to: 'queue', queue: 'b', payload: null }) })
    const stats = await store.stats(T0, 1)
    const { enqueued, scheduled, retries, dead, inFlight } = stats
    assert.deepEqual(
      { enqueued, scheduled, retries, dead, inFlight },
      {
        ...{ enqueued: 35, scheduled: 1, retries: 1, dead: 3, inFlight: 8 },
      },
    )
    assert.deepEqual([counted(path).jobs, counted(path).waiting], [48, 35])
    await store.close()
  })

  test('tokens that nobody answered for are swept, and answered ones at once', async () => {
    const path = freshPath()
    const store = await open(path)
    for (let push = 0; push < 10; push++) await store.push({ token: `t${push}`, now: T0, jobs: jobsOf(1) })
    await store.push({ token: 'u', now: T0, jobs: [], answered: ['t0', 't1', 't2'] })
    assert.equal(counted(path).tokens, 8)
    await store.push({ token: 'v', now: T0 + TOKEN_MS, jobs: [] })
    assert.equal(counted(path).tokens, 1)
    await store.close()
  })
})

describe('ping', () => {
  test('says what it is, where, and what an accepted job survives', async () => {
    const path = freshPath()
    const store = await openSqliteStore(runtime, { path })
    const { kind, version, location, durability } = await store.ping()
    assert.deepEqual([kind, location], ['sqlite', path])
    assert.match(version, /^3\.\d+\.\d+$/)
    assert.match(durability, /power cut/)
    await store.close()
  })

  test('warns of a file that others can read', async () => {
    const path = freshPath()
    const store = await open(path)
    chmodSync(path, 0o644)
    assert.match((await store.ping()).warnings.join(), /read by other users.*chmod 600/)
    await store.close()
  })

  test('warns of a file that was replaced or removed under the store', async () => {
    const path = freshPath()
    const store = await open(path)
    renameSync(path, `${path}.old`)
    assert.match((await store.ping()).warnings.join(), /restart every process/)
    const other = await open(path)
    assert.match((await store.ping()).warnings.join(), /was replaced/)
    await Promise.all([store.close(), other.close()])
  })
})

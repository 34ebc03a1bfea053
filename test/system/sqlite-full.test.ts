import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { type Clock, type MonoMs, systemClock } from '../../src/kernel/clock.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import type { ExchangeReply, ExchangeRequest, Settlement } from '../../src/store/exchange.ts'
import { openSqliteStore } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'

const MIB = 1024 * 1024
const DISK_MIB = 64
const TIMEOUT = { timeout: 60_000 }
const JOBS = 4_000
const IDENTITY = 'host-1:1:aaaaaaaaaaaa'
const NOW = Date.UTC(2025, 9, 14, 10, 30)
const disk = mkdtempSync(join(tmpdir(), 'capstan-full-'))

/** Moved on so that the store looks at the disk again: it believes its last look for a second. */
let laterMs = 0
const clock: Clock = { ...systemClock, mono: () => (systemClock.mono() + laterMs) as MonoMs }
const runtime = { clock, random: systemRandom(), logger: silentLogger }

/** Mounts a small disk of our own; null, or why it cannot be. */
function mountDisk(): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'capstan-test', disk], { stdio: 'pipe' })
    return null
  } catch (error) {
    return `cannot mount a small disk, which takes root: ${(error as Error).message}`
  }
}

const obstacle = mountDisk()
const stores: Store[] = []
afterEach(() => Promise.all(stores.map((store) => store.close())))
after(() => {
  if (obstacle === null) execFileSync('umount', [disk])
  rmdirSync(disk)
})

/** Writes a file until only so much is free. */
function fillDisk(leaveBytes: number): void {
  const file = openSync(join(disk, 'filler'), 'a')
  const block = Buffer.alloc(4_096)
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(disk)
    return bavail * bsize
  }
  while (freeBytes() > leaveBytes) writeSync(file, block)
  closeSync(file)
  laterMs += 3_600_000
}

const emptyDisk = () => rmSync(join(disk, 'filler'))
const isFull = (error: unknown) =>
  error instanceof StoreError && error.code === 'store.full' && error.retryable
const jobsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    queue: 'a',
    payload: `{"jid":"${index}"}`.padEnd(250),
    at: null,
  }))
const late = { token: 'late', now: NOW, jobs: jobsOf(3) }

/** A registered worker on a store with `JOBS` jobs, on a disk with so much free. */
async function openFilled(path: string, leaveBytes: number): Promise<Store> {
  const store = await openSqliteStore(runtime, { path })
  stores.push(store)
  const worker = {
    ...{ identity: IDENTITY, hostname: 'host-1', pid: 1, bootId: '', processStart: '', startedAt: 0 },
    ...{ tag: '', labels: [], capsules: [], version: '0.1.0' },
  }
  const idle = { quiet: false, running: [], processed: 0, failed: 0, rssKib: 1, roundTripUs: 1 }
  await store.heartbeat({ worker, now: NOW, ...idle })
  for (let batch = 0; batch < JOBS; batch += 1_000) {
    await store.push({ token: `t${batch}`, now: NOW, jobs: jobsOf(1_000) })
  }
  fillDisk(leaveBytes)
  return store
}

/** Works until the queue is empty; every tenth job fails first, as a retry needs room too. Returns how many were claimed. */
async function drain(exchange: (request: ExchangeRequest) => Promise<ExchangeReply>): Promise<number> {
  let settle: Settlement[] = []
  for (let claimed = 0; ; ) {
    const { claims, refused } = await exchange({
      identity: IDENTITY,
      now: NOW,
      settle,
      queues: ['a'],
      count: 50,
    })
    assert.deepEqual(refused, [])
    settle = claims.map(({ token, payload }, index) =>
      index % 10 === 9 ? { token, to: 'retry', payload: `${payload}again`, at: NOW } : { token, to: 'done' },
    )
    claimed += claims.length
    if (claims.length === 0) return claimed
  }
}

describe('a SQLite store on a full disk', { skip: obstacle ?? false }, () => {
  test('takes no new jobs while little is free, and lets those it has be run', TIMEOUT, async () => {
    const path = join(disk, 'low.sqlite')
    const store = await openFilled(path, 8 * MIB)
    await assert.rejects(store.push(late), isFull)
    // What was stored already is answered all the same.
    await store.push({ token: 't0', now: NOW, jobs: jobsOf(1_000) })
    assert.equal(await drain((request) => store.exchange(request)), JOBS)
    assert.equal((await store.stats(NOW, 1)).retries, JOBS / 10)
    assert.ok(statSync(`${path}-wal`).size <= 16 * MIB)

    emptyDisk()
    await store.push(late)
    assert.equal(await drain((request) => store.exchange(request)), 3)
  })

  test(
    'without a free byte refuses by store.full what it cannot do, and goes on from there',
    TIMEOUT,
    async () => {
      const store = await openFilled(join(disk, 'none.sqlite'), 0)
      await assert.rejects(store.push(late), isFull)
      let refusals = 0
      const drained = await drain(async (request) => {
        try {
          return await store.exchange(request)
        } catch (error) {
          assert.ok(isFull(error), String(error))
          if (refusals === 0) emptyDisk()
          refusals += 1
          // Nothing had changed: the same request is good.
          return store.exchange(request)
        }
      })
      assert.deepEqual([drained, refusals], [JOBS, 1])
      assert.equal((await store.stats(NOW, 1)).retries, JOBS / 10)
      await store.push(late)
      assert.equal(await drain((request) => store.exchange(request)), 3)
    },
  )
})

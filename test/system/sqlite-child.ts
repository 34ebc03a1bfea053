// A process that works on one SQLite file until it is killed. `node sqlite-child.ts ROLE PATH SEED DIARY`.
import { appendFileSync } from 'node:fs'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { type Random, seededRandom, systemRandom } from '../../src/kernel/random.ts'
import type { Claim, Settlement } from '../../src/store/exchange.ts'
import { openSqliteStore } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import type { WorkerInfo } from '../../src/store/worker-record.ts'

const [role, path = '', seed = '0', diary = ''] = process.argv.slice(2)
const identity = `host-1:${process.pid}:${seed}`
const worker: WorkerInfo = {
  ...{ identity, hostname: 'host-1', pid: process.pid, bootId: '', processStart: '', startedAt: 0 },
  ...{ tag: '', labels: [], capsules: [], version: '0.1.0' },
}

function register(store: Store) {
  const idle = { quiet: false, running: [], processed: 0, failed: 0, rssKib: 1, roundTripUs: 1 }
  return store.heartbeat({ worker, now: Date.now(), ...idle })
}

/** Written before the process goes on, so that a kill cannot take it back. */
const note = (line: string) => appendFileSync(diary, `${line}\n`)
const idOf = ({ payload }: { payload: string }) => JSON.parse(payload).jid as string

/** Pushes, claims and settles at random, and writes down what it was promised. */
async function live(store: Store, random: Random): Promise<void> {
  let held: readonly Claim[] = []
  for (let round = 0; ; round++) {
    const ids = Array.from(
      { length: 1 + Math.floor(random.float() * 20) },
      (_, index) => `${identity}-${round}-${index}`,
    )
    const jobs = ids.map((jid) => ({
      queue: 'a',
      payload: JSON.stringify({ jid, pad: 'x'.repeat(200) }),
      at: null,
    }))
    await store.push({ token: `${identity}-${round}`, now: Date.now(), jobs })
    note(`pushed ${ids.join(' ')}`)
    const settle = held.map((claim) => settlementOf(claim, random.float()))
    const done = held.filter((_, index) => settle[index]?.to === 'done')
    if (done.length > 0) note(`finishing ${done.map(idOf).join(' ')}`)
    const { claims } = await store.exchange({ identity, now: Date.now(), settle, queues: ['a'], count: 20 })
    held = claims
    await store.promote({
      now: Date.now(),
      limit: 5,
      route: () => ({ to: 'queue', queue: 'a', payload: null }),
    })
    process.send?.('round')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function settlementOf({ token, payload }: Claim, chance: number): Settlement {
  if (chance < 0.7) return { token, to: 'done' }
  if (chance < 0.8) return { token, to: 'retry', payload, at: Date.now() + 5 }
  return chance < 0.9
    ? { token, to: 'queue', payload: null }
    : { token, to: 'dead', payload: null, reason: null }
}

/** Claims and finishes until it is told to stop; writes down every job it got. */
async function claim(store: Store): Promise<void> {
  const stop = new AbortController()
  process.once('message', () => stop.abort())
  let settle: Settlement[] = []
  while (!stop.signal.aborted || settle.length > 0) {
    const { claims } = await store.exchange({ identity, now: Date.now(), settle, queues: ['a'], count: 7 })
    settle = claims.map(({ token }) => ({ token, to: 'done' }))
    for (const { payload } of claims) process.send?.({ got: JSON.parse(payload).jid, at: Date.now() })
    if (claims.length === 0) {
      process.send?.('waiting')
      await store.waitForJobs({ identity, queues: ['a'], signal: stop.signal, taken: () => undefined })
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await store.close()
  process.disconnect?.()
}

const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
const store = await openSqliteStore(runtime, { path, durability: 'process-crash' })
await register(store)
await (role === 'claim' ? claim(store) : live(store, seededRandom(Number(seed))))

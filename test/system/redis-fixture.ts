import { systemClock } from '../../src/kernel/clock.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import type { Claim } from '../../src/store/exchange.ts'
import type { Store } from '../../src/store/store.ts'
import type { Beat } from '../../src/store/worker-record.ts'

export const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
export const ANN = 'host-1:4321:aaaaaaaaaaaa'
export const BOB = 'host-2:99:bbbbbbbbbbbb'
/** A Tuesday, 10:30 UTC. */
export const T0 = Date.UTC(2025, 9, 14, 10, 30)

export const job = (jid: string) => `{"class":"A","args":[1],"jid":"${jid}","queue":"a"}`

export function beatOf(identity: string, changes: Partial<Beat> = {}): Beat {
  const worker = {
    identity,
    hostname: 'host-1',
    pid: 4321,
    bootId: 'boot',
    processStart: '7',
    startedAt: T0 - 5_250,
    tag: 'app',
    labels: ['blue'],
    capsules: [
      { name: 'default', concurrency: 5, mode: 'weighted', weights: { a: 1, b: 2 } },
      { name: 'single', concurrency: 1, mode: 'strict', weights: { b: 0, c: 0 } },
    ],
    version: '0.1.0',
  } as const
  return {
    worker,
    now: T0,
    quiet: false,
    running: [],
    processed: 0,
    failed: 0,
    rssKib: 51_200,
    roundTripUs: 180,
    ...changes,
  }
}

/** To queue `a`. */
export const pushOne = (store: Store, token: string, payload: string) =>
  store.push({ token, now: T0, jobs: [{ queue: 'a', payload, at: null }] })

/** By ANN. */
export async function claim(store: Store, count: number, queues = ['a']) {
  return [...(await store.exchange({ identity: ANN, now: T0, settle: [], queues, count })).claims]
}

/** ANN waits; resolves with what the wait itself has claimed. */
export async function waitFor(store: Store, queues: string[], signal = new AbortController().signal) {
  const claims: Claim[] = []
  await store.waitForJobs({ identity: ANN, queues, signal, taken: (got) => claims.push(...got) })
  return claims
}

/** For `assert.rejects`. */
export const storeError =
  (code: string, retryable = true) =>
  (error: unknown) =>
    error instanceof StoreError && error.code === code && error.retryable === retryable

const PATIENCE_MS = 30_000

/** Tries until it does not throw; its last error after a generous time. The only wait of the Redis tests. */
export async function eventually<T>(attempt: () => Promise<T> | T): Promise<T> {
  const giveUpAt = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

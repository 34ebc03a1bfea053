import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StoreError } from '../kernel/errors.ts'
import { seededRandom } from '../kernel/random.ts'
import { memoryStore } from '../store/memory/index.ts'
import { type Fault, type FaultPlan, faultyStore, randomFaults, type StoreMethod } from './faulty-store.ts'

const NOW = Date.UTC(2025, 0, 1)
const batch = (token: string) => ({ token, now: NOW, jobs: [{ queue: 'a', payload: '{}', at: null }] })

const lost = (code: string) => (error: unknown) =>
  error instanceof StoreError && error.code === code && error.retryable

const always =
  (fault: Fault): FaultPlan =>
  () =>
    fault

async function sizeOf(store: ReturnType<typeof memoryStore>): Promise<number> {
  return (await store.stats(NOW, 1)).enqueued
}

describe('faultyStore', () => {
  test('a call without a fault passes with its arguments and its answer', async () => {
    const store = memoryStore()
    const faulty = faultyStore(store, always('pass'))
    await faulty.push(batch('t1'))
    assert.deepEqual(await faulty.queues(NOW), [{ name: 'a', size: 1, paused: false, oldest: '{}' }])
  })

  test('before: the call never arrived', async () => {
    const store = memoryStore()
    await assert.rejects(faultyStore(store, always('before')).push(batch('t1')), lost('store.not_stored'))
    assert.equal(await sizeOf(store), 0)
  })

  test('after: the call took effect, and its answer was lost', async () => {
    const store = memoryStore()
    await assert.rejects(faultyStore(store, always('after')).push(batch('t1')), lost('store.unknown'))
    assert.equal(await sizeOf(store), 1)
  })

  test('a call that the store itself refuses keeps the error of the store', async () => {
    const store = memoryStore()
    await store.close()
    const closed = (error: unknown) => error instanceof StoreError && error.code === 'store.closed'
    await assert.rejects(faultyStore(store, always('after')).ping(), closed)
  })

  test('hang: the call arrives when it is released', async () => {
    const store = memoryStore()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    const pushing = faultyStore(store, always({ hang })).push(batch('t1'))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(await sizeOf(store), 0)
    release()
    await pushing
    assert.equal(await sizeOf(store), 1)
  })

  test('the plan hears which method is called for which time', async () => {
    const heard: string[] = []
    const plan: FaultPlan = (method, nth) => {
      heard.push(`${method} ${nth}`)
      return 'pass'
    }
    const faulty = faultyStore(memoryStore(), plan)
    await faulty.ping()
    await faulty.workers()
    await faulty.ping()
    assert.deepEqual(heard, ['ping 1', 'workers 1', 'ping 2'])
  })

  test('waitForJobs and close never fail', async () => {
    const faulty = faultyStore(memoryStore(), always('before'))
    await faulty.waitForJobs({
      identity: 'w',
      queues: ['a'],
      signal: AbortSignal.abort(),
      taken: () => undefined,
    })
    await faulty.close()
  })
})

describe('randomFaults', () => {
  const thousand = (seed: number, method: StoreMethod = 'push') => {
    const plan = randomFaults(seededRandom(seed), { before: 0.2, after: 0.3, methods: ['push'] })
    return Array.from({ length: 1_000 }, (_, call) => plan(method, call + 1))
  }

  test('the same seed gives the same faults, another seed others (seeds 1 and 2)', () => {
    assert.deepEqual(thousand(1), thousand(1))
    assert.notDeepEqual(thousand(1), thousand(2))
  })

  test('faults come about as often as asked (seed 3)', () => {
    const share = (fault: Fault) => thousand(3).filter((other) => other === fault).length / 1_000
    assert.ok(Math.abs(share('before') - 0.2) < 0.05)
    assert.ok(Math.abs(share('after') - 0.3) < 0.05)
  })

  test('methods that were not named pass', () => {
    assert.deepEqual(new Set(thousand(4, 'ping')), new Set(['pass']))
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { EnqueueError } from '../../src/client/pusher.ts'
import { definition } from '../../src/job/definition.ts'
import { registry } from '../../src/job/registry.ts'
import { UsageError } from '../../src/kernel/errors.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { memoryStore } from '../../src/store/memory/index.ts'
import { MemoryState } from '../../src/store/memory/memory-state.ts'
import type { Store } from '../../src/store/store.ts'
import type { CapsuleInfo } from '../../src/store/worker-record.ts'
import { type Fault, faultyStore } from '../../src/testing/faulty-store.ts'
import { SimClock } from '../../src/testing/sim-clock.ts'
import { Worker } from '../../src/worker/index.ts'
import { Machine } from './machine.ts'

/** What seeds have found, each reduced to the few steps that it takes. */

const quick = definition({ name: 'quick', run: () => undefined })

function capsule(name: string, ...queues: string[]): CapsuleInfo {
  return {
    name,
    concurrency: 2,
    mode: 'strict',
    weights: Object.fromEntries(queues.map((queue) => [queue, 0])),
  }
}

function setUp() {
  const clock = new SimClock({ settleTurns: 1 })
  const state = new MemoryState()
  const runtime = { clock, random: seededRandom(1), logger: silentLogger }
  const machine = new Machine('host-1', clock, 0)
  const newWorker = (store: Store, capsules = [capsule('all', 'default')]) =>
    new Worker(runtime, store, {
      capsules,
      host: machine.newProcess(),
      registry: registry([quick]),
      version: '0.0.0',
    })
  return { clock, state, runtime, newWorker, store: memoryStore({ state, clock }) }
}

describe('bugs that seeds found', () => {
  test('two jobs of one unknown round trip are both stored, once, when each is repeated with its token', async () => {
    const { clock, state, runtime, store } = setUp()
    for (const fate of ['before', 'after'] as const) {
      state.queues.clear()
      let pushes = 0
      const isOut = () => pushes > 0 && pushes <= 100
      const unsteady = faultyStore(store, (method): Fault => {
        if (method !== 'push') return 'pass'
        pushes += 1
        if (!isOut()) return 'pass'
        return pushes === 1 && fate === 'after' ? 'after' : 'before'
      })
      // An answer that never comes: what the client cannot tell from a push that was lost.
      const mute: Store = {
        ...store,
        push: (batch) => unsteady.push(batch).catch(() => new Promise<never>(() => undefined)),
      }
      const client = new Client(runtime, mute)
      const enqueued = await clock.run(
        Promise.allSettled(['a', 'b'].map((name) => client.enqueue(quick, [name]))),
      )
      const tokens = enqueued.map((result) => {
        assert.ok(result.status === 'rejected' && result.reason instanceof EnqueueError)
        assert.equal(result.reason.code, 'store.unknown')
        return result.reason.token
      })
      pushes = 100
      for (const [index, name] of ['a', 'b'].entries()) {
        await clock.run(client.enqueue(quick, [name], { token: tokens[index]! }))
      }
      const stored = state.entries({ queue: 'default' }).map(({ payload }) => JSON.parse(payload).args[0])
      assert.deepEqual(stored, ['a', 'b'], `the first push failed "${fate}"`)
    }
  })

  test('a worker whose start was refused does not beat', async () => {
    const { clock, state, newWorker, store } = setUp()
    const worker = newWorker(faultyStore(store, (method) => (method === 'workers' ? 'before' : 'pass')))
    await assert.rejects(clock.run(worker.start()))
    await clock.advance(60_000)
    assert.deepEqual([...state.workers.keys()], [])
    assert.equal(clock.sleeping, 0)
  })

  test('what is counted between two beats of one millisecond arrives', async () => {
    const { clock, state, runtime, newWorker, store } = setUp()
    const worker = newWorker(store)
    await clock.run(worker.start())
    // The quiet beat and the one of the good-bye come at the same moment, a job between them.
    worker.quiet()
    await new Client(runtime, store).enqueue(quick, [])
    const other = newWorker(store)
    const [ended] = await Promise.all([clock.run(worker.stop()), clock.run(other.start())])
    await clock.run(other.stop())
    assert.equal(ended, undefined)
    const counts = [...state.counts.values()].map(({ processed }) => processed)
    assert.deepEqual(counts, [1])
  })

  test('a queue in two capsules of one worker is refused: nobody could tell whose claim is whose', () => {
    const { newWorker, store } = setUp()
    assert.throws(
      () => newWorker(store, [capsule('one', 'default', 'mail'), capsule('two', 'mail')]),
      (error) =>
        error instanceof UsageError && /queue "mail" is in two capsules, one and two/.test(error.message),
    )
  })
})

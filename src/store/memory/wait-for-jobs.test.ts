import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { SimClock } from '../../testing/sim-clock.ts'
import { memoryStore } from './memory-store.ts'

const MINUTE_MS = 60_000
const batch = (queue: string) => ({ token: 't', now: 0, jobs: [{ queue, payload: '{}', at: null }] })

const waitFor = (signal = new AbortController().signal) => ({
  ...{ identity: 'w', queues: ['a'], signal, taken: () => undefined },
})

describe('waitForJobs of a memory store', () => {
  test('with a clock it ends after a minute and not 1 ms earlier', async () => {
    const clock = new SimClock()
    const store = memoryStore({ clock })
    const stop = new AbortController()
    let isOver = false
    const waiting = store.waitForJobs(waitFor(stop.signal)).then(() => {
      isOver = true
    })
    await clock.advance(MINUTE_MS - 1)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
    await waiting
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  })

  test('a wait that a job ended leaves no sleeper behind', async () => {
    const clock = new SimClock()
    const store = memoryStore({ clock })
    const waiting = store.waitForJobs(waitFor())
    await clock.advance(0)
    assert.equal(clock.sleeping, 1)
    await store.push(batch('a'))
    await waiting
    assert.deepEqual([clock.sleeping, clock.mono()], [0, 0])
  })

  test('a job in another queue wakes nobody', async () => {
    const clock = new SimClock()
    const store = memoryStore({ clock })
    const waiting = store.waitForJobs(waitFor())
    await store.push(batch('b'))
    await clock.advance(0)
    assert.equal(clock.sleeping, 1)
    await store.close()
    await waiting
  })

  test('resuming a paused queue with jobs in it wakes who waits for it', async () => {
    const store = memoryStore()
    await store.push(batch('a'))
    await store.pause('a', true)
    const waiting = store.waitForJobs(waitFor())
    await store.pause('a', false)
    await waiting
  })
})

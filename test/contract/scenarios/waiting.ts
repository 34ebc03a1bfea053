import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { EntryRef } from '../../../src/store/inspection.ts'
import { ALL, ANN, BOB, job, payloadsOf, type Scenario, type Scenarios, type Stage, T0 } from '../stage.ts'

/** A wait is a hint and may end for nothing, but a store whose waits always do so busies its workers. */
const MOST_HINTS = 500

/**
 * A worker waits on a connection of its own, then `arrive` brings job `j1` to queue `a` in some way: the wait must
 * end and the next exchange get the job. A wait may end for nothing and is then begun again.
 */
function wakes(
  prepare: (stage: Stage) => Promise<unknown>,
  arrive: (stage: Stage) => Promise<unknown>,
): Scenario {
  return async (stage) => {
    const idle = stage.through(await stage.connect())
    await idle.beat(BOB)
    await prepare(stage)
    const claiming = claimWhenThere(idle, BOB)
    await arrive(stage)
    assert.deepEqual(payloadsOf(await claiming), [job('j1')])
  }
}

async function claimWhenThere(stage: Stage, identity: string) {
  for (let hints = 0; hints < MOST_HINTS; hints++) {
    const waited = await stage.wait(identity, ['a', 'b'])
    const claims = [...waited, ...(await stage.claim(identity, 5, ['a', 'b']))]
    if (claims.length > 0) return claims
  }
  throw new assert.AssertionError({ message: `${MOST_HINTS} waits ended, and no job was there` })
}

const toQueueA = () => ({ to: 'queue', queue: 'a', payload: null }) as const

export const waiting: Scenarios = {
  'a wait ends at once when a job is there already': async (stage) => {
    await stage.beat(ANN)
    await stage.push('b', job('j1'))
    assert.deepEqual(payloadsOf(await claimWhenThere(stage, ANN)), [job('j1')])
  },

  'a wait ends when a job is pushed': wakes(
    async () => undefined,
    (stage) => stage.push('a', job('j1')),
  ),

  'a wait ends when a job is pushed to the last of its queues': wakes(
    async () => undefined,
    (stage) => stage.push('b', job('j1')),
  ),

  'a wait ends when a job is promoted': wakes(
    (stage) => stage.schedule('a', job('j1'), T0),
    (stage) => stage.store.promote({ now: T0, limit: 1, route: toQueueA }),
  ),

  'a wait ends when a job is handed back': async (stage) => {
    const idle = stage.through(await stage.connect())
    await idle.beat(BOB)
    const { token } = await stage.claimOne(ANN, job('j1'))
    const claiming = claimWhenThere(idle, BOB)
    await stage.settle(ANN, { token, to: 'queue', payload: null })
    assert.deepEqual(payloadsOf(await claiming), [job('j1')])
  },

  'a wait ends when another worker leaves its jobs': wakes(
    (stage) => stage.claimOne(ANN, job('j1')),
    (stage) => stage.store.leave(ANN, T0),
  ),

  'a wait ends when the jobs of a dead worker are recovered': wakes(
    (stage) => stage.claimOne(ANN, job('j1')),
    (stage) => stage.store.recover({ identity: ANN, now: T0, beatAt: T0, revise: toQueueA }),
  ),

  'a wait ends when an operator moves a job to the queue': async (stage) => {
    const idle = stage.through(await stage.connect())
    await idle.beat(BOB)
    await stage.push('elsewhere', job('j1'))
    const [entry] = await stage.store.list({ queue: 'elsewhere' }, ALL)
    const claiming = claimWhenThere(idle, BOB)
    await stage.store.move({ queue: 'elsewhere' }, entry?.ref as EntryRef, toQueueA())
    assert.deepEqual(payloadsOf(await claiming), [job('j1')])
  },

  'a wait ends when its signal aborts, and leaves nothing on it': async (stage) => {
    await stage.beat(ANN)
    const stop = new AbortController()
    const waits = [1, 2, 3].map(() => stage.wait(ANN, ['a'], stop.signal))
    stop.abort()
    await Promise.all(waits)
    await stage.wait(ANN, ['a'], stop.signal)
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  },

  'a signal that outlives many waits keeps no listener of them': async (stage) => {
    await stage.beat(ANN)
    const longLived = new AbortController()
    for (const round of [1, 2, 3, 4, 5]) {
      const waiting = stage.wait(ANN, ['a'], longLived.signal)
      await stage.push('a', job(`j${round}`))
      await waiting
      await stage.claim(ANN, 5)
    }
    assert.equal(getEventListeners(longLived.signal, 'abort').length, 0)
  },

  'a job that comes after a wait was aborted goes to whoever asks': async (stage) => {
    const other = stage.through(await stage.connect())
    await stage.beat(ANN)
    await other.beat(BOB)
    const stop = new AbortController()
    const wait = stage.wait(ANN, ['a'], stop.signal)
    stop.abort()
    await wait
    await other.push('a', job('j1'))
    assert.deepEqual(payloadsOf(await other.claim(BOB, 1)), [job('j1')])
  },

  'of several idle workers each job is taken by one, and every job is taken': async (stage) => {
    const all = Array.from({ length: 30 }, (_, index) => job(`j${index}`))
    const taken: string[] = []
    const over = new AbortController()
    const worker = async (identity: string) => {
      const own = stage.through(await stage.connect())
      await own.beat(identity)
      for (let hints = 0; hints < MOST_HINTS && !over.signal.aborted; hints++) {
        taken.push(...payloadsOf(await own.claim(identity, 1)))
        if (taken.length >= all.length) over.abort()
        taken.push(...payloadsOf(await own.wait(identity, ['a'], over.signal)))
      }
    }
    const team = ['w:1:a', 'w:2:b', 'w:3:c', 'w:4:d'].map(worker)
    for (const payload of all) await stage.push('a', payload)
    await Promise.all(team)
    assert.deepEqual(taken.toSorted(), all.toSorted())
  },
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryState, memoryStore } from '../../src/store/memory/index.ts'
import type { Store } from '../../src/store/store.ts'
import { runModelCheck } from './model-check.ts'
import { runScenario, type StoreUnderTest, scenarios } from './store-contract.ts'

/** Gives every connection of a memory store one bug. */
type Bug = (store: Store) => Partial<Store>

interface Mutant {
  readonly bug: Bug
  /** Scenarios that must fail on it. */
  readonly foundBy: readonly string[]
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'claims a job twice': {
    bug: (store) => ({
      async exchange(request) {
        const reply = await store.exchange(request)
        const jobs = reply.claims.map(({ queue, payload }) => ({ queue, payload, at: null }))
        await store.push({
          token: `again-${reply.claims[0]?.token}`,
          now: request.now,
          jobs: jobs.slice(0, 1),
        })
        return reply
      },
    }),
    foundBy: ['a claimed job is in flight and in no queue', 'two workers that race never get the same job'],
  },
  'forgets to refuse a settled token': {
    bug: (store) => ({
      exchange: async (request) => ({ ...(await store.exchange(request)), refused: [] }),
    }),
    foundBy: [
      'settling a job twice is refused and changes nothing',
      'a late settlement does not hit the same job claimed again under a new token',
      'a settlement after the recovery is refused',
    ],
  },
  'loses the order when a worker leaves': {
    bug: (store) => ({
      async leave(identity, now) {
        const settle = (await store.inFlight(identity)).map(
          ({ token }) => ({ token, to: 'queue', payload: null }) as const,
        )
        await store.exchange({ identity, now, settle, queues: [], count: 0 })
        await store.leave(identity, now)
      },
    }),
    foundBy: ['a worker that leaves hands its jobs back to the front, in their original order'],
  },
  'forgets push tokens': {
    bug: (store) => {
      let pushes = 0
      return { push: (batch) => store.push({ ...batch, token: `${batch.token}-${pushes++}` }) }
    },
    foundBy: [
      'a repeated push token changes nothing and succeeds',
      'a push whose answer was lost is repeated without a second job',
    ],
  },
  'recovers a worker that has beaten since': {
    bug: (store) => ({
      async recover(request) {
        const worker = (await store.workers()).find(({ info }) => info.identity === request.identity)
        return store.recover({ ...request, beatAt: worker?.beatAt ?? request.beatAt })
      },
    }),
    foundBy: ['a worker that has beaten since is not recovered'],
  },
  'promotes a millisecond early': {
    bug: (store) => ({ promote: (request) => store.promote({ ...request, now: request.now + 1 }) }),
    foundBy: ['a scheduled job is promoted at its moment and not 1 ms earlier'],
  },
  'parses payloads and prints them again': {
    bug: (store) => ({
      async exchange(request) {
        const reply = await store.exchange(request)
        return {
          ...reply,
          claims: reply.claims.map((claim) => ({ ...claim, payload: reprinted(claim.payload) })),
        }
      },
    }),
    foundBy: ['payloads come back byte for byte from a claim'],
  },
  'pauses only for one connection': {
    bug: (store) => {
      const paused = new Set<string>()
      return {
        async pause(queue, isPaused) {
          if (isPaused) paused.add(queue)
          else paused.delete(queue)
        },
        async exchange(request) {
          const queues = request.queues.filter((queue) => !paused.has(queue))
          const reply = await store.exchange({ ...request, queues })
          return { ...reply, paused: request.queues.filter((queue) => paused.has(queue)) }
        },
      }
    },
    foundBy: ['a paused queue is not claimed from on any connection, and says so'],
  },
}

/** Longer than any of these scenarios takes on a memory store. */
const PATIENCE_MS = 10_000

describe('the contract finds bugs', () => {
  for (const [name, { bug, foundBy }] of Object.entries(MUTANTS)) {
    for (const scenario of foundBy) {
      test(`a store that ${name} fails: ${scenario}`, async () => {
        assert.ok(scenario in scenarios)
        const signal = AbortSignal.timeout(PATIENCE_MS)
        await assert.rejects(runScenario(memoryWith(bug), scenario, signal), assert.AssertionError)
        await runScenario(
          memoryWith(() => ({})),
          scenario,
          signal,
        )
      })
    }

    test(`a store that ${name} answers otherwise than the model`, async () => {
      const outcomes = await Promise.allSettled(SEEDS.map((seed) => runModelCheck(memoryWith(bug), seed)))
      const found = outcomes.filter((outcome) => outcome.status === 'rejected')
      assert.ok(found.length > 0, 'no seed found the bug')
      for (const { reason } of found) assert.ok(reason instanceof assert.AssertionError, String(reason))
    })
  }
})

/** A few histories are enough for every bug above. */
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1)

function memoryWith(bug: Bug): StoreUnderTest {
  return {
    name: 'memory with a bug',
    open: async (options) => {
      const state = new MemoryState(options)
      const connect = async () => {
        const store = memoryStore({ state })
        return { ...store, ...bug(store) }
      }
      return { connect, dispose: async () => undefined }
    },
  }
}

function reprinted(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload))
  } catch {
    return payload
  }
}

import type { Clock } from '../../src/kernel/clock.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { type Fault, faultyStore } from '../../src/testing/faulty-store.ts'
import type { Chance } from './chance.ts'
import type { SimProcess } from './sim-process.ts'

/** How the network and the store are at present. Probabilities per call. */
export interface Weather {
  /** The store is gone: nothing arrives. */
  outage: boolean
  /** The store stands still: what is sent arrives when this settles. */
  mute: Promise<void> | null
  /** It never arrived, and the caller knows it. */
  before: number
  /** It took effect, and its answer is lost. */
  after: number
  /** It never arrived, and the caller cannot know it. */
  lost: number
  /** It arrives, or its answer does, up to `SLOW_MS` later. */
  slow: number
}

export const FAIR: Weather = { outage: false, mute: null, before: 0, after: 0, lost: 0, slow: 0 }

/** Shorter than the deadline of an enqueue and longer than a worker's good-bye, so that it may matter or not. */
const SLOW_MS = 4_000

export interface LinkParams {
  readonly process: SimProcess
  /** Of the world: an answer travels on while a process is paused. */
  readonly clock: Clock
  readonly weather: Weather
  readonly chance: Chance
  /** Whether this process is cut off from the store. */
  readonly isCutOff: () => boolean
}

type Call = (...asked: unknown[]) => Promise<unknown>

/** The connection of one process to the store: calls and answers get lost or late, and a dead process hears no answer. */
export function link(store: Store, params: LinkParams): Store {
  const { process, clock, weather, chance } = params
  const slowness = () => clock.sleep(chance.int(1, SLOW_MS))
  const faulty = faultyStore(store, () => drawFault(params, slowness))
  const claimsByWaits = chance.happens(0.5)
  return new Proxy(claimsByWaits ? { ...faulty, waitForJobs: claimingWait(faulty, params) } : faulty, {
    get(target, name) {
      if (name === 'isApart') return true
      const call = (Reflect.get(target, name) as Call).bind(target)
      const isWait = name === 'waitForJobs' || name === 'close'
      return async (...asked: unknown[]) => {
        const isLost = !isWait && chance.happens(weather.lost)
        const isLate = !isWait && chance.happens(weather.slow)
        try {
          if (isLost)
            throw new StoreError('store.unknown', 'no answer (a planned fault)', { retryable: true })
          return await call(...asked)
        } finally {
          if (isLate) await slowness()
          await process.turn()
        }
      }
    },
  })
}

function drawFault({ weather, chance, isCutOff }: LinkParams, slowness: () => Promise<void>): Fault {
  if (weather.outage || isCutOff()) return 'before'
  if (weather.mute !== null) return { hang: weather.mute }
  const drawn = chance.random.float()
  if (drawn < weather.before) return 'before'
  if (drawn < weather.before + weather.after) return 'after'
  return chance.happens(weather.slow) ? { hang: slowness() } : 'pass'
}

/** Waits as a store does that claims the job which ends the wait. The claim, or its answer, gets lost like any other. */
function claimingWait(store: Store, { clock, process, weather, chance }: LinkParams): Store['waitForJobs'] {
  return async (request) => {
    await store.waitForJobs(request)
    if (request.signal.aborted) return
    const { identity, queues, taken } = request
    try {
      const asked = { identity, now: clock.now(), settle: [], queues, count: 1 }
      const { claims } = await store.exchange(asked)
      await process.turn()
      if (chance.happens(weather.lost)) throw new StoreError('store.unknown', 'no answer (a planned fault)')
      if (claims.length > 0) taken(claims)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'store.unknown') throw error
    }
  }
}

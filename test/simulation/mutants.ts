import { StoreError } from '../../src/kernel/errors.ts'
import type { Claim } from '../../src/store/exchange.ts'
import type { MemoryState } from '../../src/store/memory/memory-state.ts'
import type { Store } from '../../src/store/store.ts'

/** A mistake planted at one of three places; by default none. */
export interface Mutant {
  /** In the store itself. */
  readonly store: (store: Store, state: MemoryState) => Store
  /** Between a worker and its connection. */
  readonly worker: (store: Store) => Store
  /** Between a client and its connection. */
  readonly client: (store: Store) => Store
}

export const SOUND: Mutant = {
  store: (store) => store,
  worker: (store) => store,
  client: (store) => store,
}

/** Mistakes that a simulation must find, by what is wrong. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'a retried job is put into the retry set twice': {
    ...SOUND,
    store: (store, state) => ({
      ...store,
      exchange: async (request) => {
        const retry = request.settle.find(({ to }) => to === 'retry')
        if (retry?.to === 'retry') state.addTo('retry', retry.payload, retry.at)
        return store.exchange(request)
      },
    }),
  },
  'a late settlement is accepted': {
    ...SOUND,
    store: (store, state) => {
      const claims = new Map<string, Claim>()
      return {
        ...store,
        exchange: async (request) => {
          const reply = await store.exchange(request)
          for (const claim of reply.claims) claims.set(claim.token, claim)
          for (const settlement of request.settle) {
            const claim = claims.get(settlement.token)
            if (claim === undefined || !reply.refused.includes(claim.token)) continue
            if (settlement.to === 'retry') state.addTo('retry', settlement.payload, settlement.at)
            else if (settlement.to === 'dead') state.bury(claim.payload, request.now, null)
          }
          return { ...reply, refused: [] }
        },
      }
    },
  },
  'a job that is handed back is forgotten': {
    ...SOUND,
    store: (store, state) => {
      const forget = (identity: string) => void state.workers.delete(identity)
      return {
        ...store,
        leave: async (identity) => forget(identity),
        prepareToLeave: async (identity) => () => forget(identity),
      }
    },
  },
  'a recovered job also stays with a worker that lives': {
    ...SOUND,
    store: (store, state) => ({
      ...store,
      recover: async (request) => {
        const before = state.workers.get(request.identity)
        const inFlight = new Map(before?.inFlight)
        const jobs = await store.recover(request)
        if (jobs !== null && before !== undefined)
          state.workers.set(request.identity, { ...before, inFlight })
        return jobs
      },
    }),
  },
  'the counts of a repeated beat are added again': {
    ...SOUND,
    store: (store, state) => ({
      ...store,
      heartbeat: async (beat) => {
        const known = state.workers.get(beat.worker.identity)
        if (known !== undefined) {
          state.workers.set(beat.worker.identity, { ...known, record: { ...known.record, beatAt: 0 } })
        }
        return store.heartbeat(beat)
      },
    }),
  },
  'a worker does not compare, so that a claim whose answer was lost stays with it': {
    ...SOUND,
    worker: (store) => {
      const heard = new Set<string>()
      return {
        ...store,
        exchange: async (request) => {
          const reply = await store.exchange(request)
          for (const { token } of reply.claims) heard.add(token)
          return reply
        },
        inFlight: async (identity) =>
          (await store.inFlight(identity)).filter(({ token }) => heard.has(token)),
        heartbeat: async (beat) => {
          const reply = await store.heartbeat(beat)
          return { ...reply, inFlight: reply.inFlight.filter((token) => heard.has(token)) }
        },
      }
    },
  },
  'a worker runs on with jobs that were taken from it': {
    ...SOUND,
    worker: (store) => ({
      ...store,
      inFlight: async () =>
        Promise.reject(new StoreError('store.unknown', 'never compares', { retryable: true })),
    }),
  },
  'a worker recovers whoever it sees': {
    ...SOUND,
    worker: (store) => ({
      ...store,
      workers: async () =>
        (await store.workers()).map((record) => ({ ...record, info: { ...record.info, pid: -1 } })),
    }),
  },
  'a push is repeated under a new token': {
    ...SOUND,
    client: (store) => {
      let pushes = 0
      const fresh = () => {
        pushes += 1
        return `fresh-${pushes}`
      }
      return { ...store, push: (batch) => store.push({ ...batch, token: fresh() }) }
    },
  },
  'a push that failed is reported as stored': {
    ...SOUND,
    client: (store) => ({ ...store, push: (batch) => store.push(batch).catch(() => undefined) }),
  },
}

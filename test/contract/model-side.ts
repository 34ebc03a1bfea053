import type { EpochMs } from '../../src/kernel/clock.ts'
import type { Claim } from '../../src/store/exchange.ts'
import type { Entry, Place } from '../../src/store/inspection.ts'
import type { Store } from '../../src/store/store.ts'
import type { RunningJob } from '../../src/store/worker-record.ts'
import { ALL } from './stage.ts'

/** What the snapshot needs to know of the history: the time and who was ever there. */
export interface SnapshotScope {
  readonly now: EpochMs
  readonly identities: readonly string[]
}

/**
 * One of the two stores in lockstep. Tokens and references are opaque and differ from store to store: claims are
 * spoken of by their number, counted from the first one that this side handed out.
 */
export class ModelSide {
  readonly store: Store
  readonly #tokens: string[] = []

  constructor(store: Store) {
    this.store = store
  }

  /** How many claims this side has handed out. */
  get claimed(): number {
    return this.#tokens.length
  }

  token(claim: number): string {
    return this.#tokens[claim]!
  }

  /** The number of a claim; one that was not seen before gets the next. */
  numberOf(token: string): number {
    const known = this.#tokens.indexOf(token)
    return known < 0 ? this.#tokens.push(token) - 1 : known
  }

  claims(claims: readonly Claim[]) {
    return claims.map(({ token, queue, payload }) => ({ claim: this.numberOf(token), queue, payload }))
  }

  running(running: readonly RunningJob[]) {
    return running.map(({ token, ...job }) => ({ claim: this.numberOf(token), ...job }))
  }

  /** Entries of a place in an order that every store agrees about: a set may order equal moments as it likes. */
  async entries(place: Place): Promise<Entry[]> {
    const entries = await this.store.list(place, ALL)
    return 'queue' in place ? entries : entries.toSorted(byMomentAndPayload)
  }

  /** All that can be seen of the store. */
  async snapshot({ now, identities }: SnapshotScope) {
    const { store } = this
    const [queues, stats, workers, held, sets] = await Promise.all([
      store.queues(now),
      store.stats(now, 3),
      store.workers(),
      Promise.all(identities.map((identity) => store.inFlight(identity))),
      Promise.all((['schedule', 'retry', 'dead'] as const).map((set) => this.entries({ set }))),
    ])
    const lists = await Promise.all(queues.map(({ name }) => this.entries({ queue: name })))
    return {
      queues,
      stats,
      workers: workers
        .map((worker) => ({ ...worker, running: this.running(worker.running) }))
        .toSorted((one, other) => one.info.identity.localeCompare(other.info.identity)),
      held: held.map((claims) => this.claims(claims).toSorted((one, other) => one.claim - other.claim)),
      sets: sets.map(withoutRefs),
      lists: lists.map(withoutRefs),
    }
  }
}

export function withoutRefs(entries: readonly Entry[]) {
  return entries.map(({ payload, at, reason }) => ({ payload, at, reason }))
}

function byMomentAndPayload(one: Entry, other: Entry): number {
  return (one.at ?? 0) - (other.at ?? 0) || (one.payload < other.payload ? -1 : 1)
}

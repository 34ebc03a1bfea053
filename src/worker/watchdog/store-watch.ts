import type { Clock, MonoMs } from '../../kernel/clock.ts'
import type { Store } from '../../store/store.ts'
import { LEASE_MS } from '../reaper.ts'

/** Each call has a deadline of its own in its store; past this one its worker has lost its lease, too. */
const CALL_LIMIT_MS = LEASE_MS

/** The port allows about a minute. */
const WAIT_LIMIT_MS = 90_000

/** Between two calls that fetch lie pauses of an outage or a paused queue: a second at most. */
const GAP_LIMIT_MS = 10_000

const FETCHES: readonly PropertyKey[] = ['exchange', 'waitForJobs', 'inFlight']

interface Call {
  readonly name: PropertyKey
  readonly since: MonoMs
}

/**
 * Tells a worker that waits from one that hangs. Whatever a worker waits for, outside of its jobs, is a call of its
 * store or a timer: give it `store`. A store that is away is no hang, for then each call fails in its time.
 */
export class StoreWatch {
  readonly store: Store
  readonly #clock: Clock
  readonly #pending = new Set<Call>()
  #fetchedAt: MonoMs

  constructor(clock: Clock, store: Store) {
    this.#clock = clock
    this.#fetchedAt = clock.mono()
    const watched = new Map<PropertyKey, unknown>()
    this.store = new Proxy(store, {
      get: (target, name) => {
        if (!watched.has(name)) watched.set(name, this.#watched(target, name))
        return watched.get(name)
      },
    })
  }

  /** What hangs, in words, or null. `isHungry`: the worker claims, and has a free slot. */
  hang(isHungry: boolean): string | null {
    const now = this.#clock.mono()
    const overdue = [...this.#pending].find(
      ({ name, since }) => now - since > (name === 'waitForJobs' ? WAIT_LIMIT_MS : CALL_LIMIT_MS),
    )
    if (overdue !== undefined)
      return `store.${String(overdue.name)} was not answered for ${Math.round((now - overdue.since) / 1_000)} s`
    const isFetching = [...this.#pending].some(({ name }) => FETCHES.includes(name))
    if (!isHungry || isFetching || now - this.#fetchedAt <= GAP_LIMIT_MS) return null
    return `no job was asked for in ${Math.round((now - this.#fetchedAt) / 1_000)} s, though a slot is free`
  }

  #watched(target: Store, name: PropertyKey): unknown {
    const member: unknown = Reflect.get(target, name)
    if (typeof member !== 'function') return member
    return (...args: unknown[]) => {
      const call = { name, since: this.#clock.mono() }
      this.#pending.add(call)
      const end = () => {
        this.#pending.delete(call)
        if (FETCHES.includes(name)) this.#fetchedAt = this.#clock.mono()
      }
      const answer = member.apply(target, args) as Promise<unknown>
      answer.then(end, end)
      return answer
    }
  }
}

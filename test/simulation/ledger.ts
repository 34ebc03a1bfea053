import type { Claim, ExchangeRequest, Settlement } from '../../src/store/exchange.ts'
import type { MemoryState } from '../../src/store/memory/memory-state.ts'
import type { Store } from '../../src/store/store.ts'
import type { PushBatch, Recovered, RecoverRequest } from '../../src/store/transfer.ts'
import { type JobPlan, nameIn } from './job-kinds.ts'

/** What its enqueuer was told about a job: nothing yet, that it is stored, that it is not, or that nobody knows. */
export type Answer = 'none' | 'stored' | 'not stored' | 'unknown'

/** One job, as the simulation knows it. */
export interface JobEntry {
  readonly plan: JobPlan
  answer: Answer
  starts: number
  /** What the store took: how often it was settled as gone, buried, put into the retry set, put into the schedule. */
  gone: number
  buried: number
  retries: number
  snoozes: number
  deaths: number
}

export interface LedgerParams {
  readonly state: MemoryState
  /** Simulated ms since the beginning. */
  readonly elapsedMs: () => number
  readonly recovered: (identity: string) => void
}

/**
 * The truth of a simulation: watches every step of the store beneath all faults, and notes each promise that is
 * broken at the moment it is.
 */
export class Ledger {
  readonly jobs = new Map<string, JobEntry>()
  readonly broken: string[] = []
  readonly trace: string[] = []
  /** How often each kind of event was met: a simulation that meets none of a kind tests nothing about it. */
  readonly met = new Map<string, number>()
  /** Identities that took their leave. */
  readonly left = new Set<string>()
  readonly #params: LedgerParams
  /** Claims that were taken from their worker: nothing may be settled through them. */
  readonly #takenBack = new Set<string>()

  constructor(params: LedgerParams) {
    this.#params = params
  }

  add(plan: JobPlan): JobEntry {
    const entry: JobEntry = {
      plan,
      answer: 'none',
      starts: 0,
      gone: 0,
      buried: 0,
      retries: 0,
      snoozes: 0,
      deaths: 0,
    }
    this.jobs.set(plan.name, entry)
    return entry
  }

  /** A line of the trace. */
  note(who: string, what: string): void {
    this.trace.push(`${this.#params.elapsedMs().toFixed(0)} ${who} ${what}`)
  }

  meet(event: string): void {
    this.met.set(event, (this.met.get(event) ?? 0) + 1)
  }

  break(promise: string): void {
    this.note('!', promise)
    this.broken.push(`${promise} (at ${this.#params.elapsedMs().toFixed(0)} ms)`)
  }

  /** In how many places the store holds each job. */
  held(): Map<string, number> {
    const { queues, sets, workers } = this.#params.state
    const held = new Map<string, number>()
    const count = ({ payload }: { payload: string }) => {
      const name = nameIn(payload)
      held.set(name, (held.get(name) ?? 0) + 1)
    }
    for (const entries of queues.values()) entries.forEach(count)
    for (const entries of Object.values(sets)) entries.forEach(count)
    for (const worker of workers.values()) worker.inFlight.forEach(count)
    return held
  }

  /** The same store, watched. */
  watch(store: Store, who: string): Store {
    return {
      ...store,
      push: async (batch) => {
        await store.push(batch)
        this.#pushed(who, batch)
      },
      exchange: async (request) => {
        const claims = this.#claimsOf(request.identity)
        const reply = await store.exchange(request)
        const taken = request.settle.filter(({ token }) => !reply.refused.includes(token))
        if (reply.refused.length > 0) this.meet('late settlements refused')
        for (const settlement of taken) this.#settled(request, settlement, claims)
        this.#exchanged(who, taken, reply.claims)
        return reply
      },
      recover: async (request) => this.#recovering(who, request, () => store.recover(request)),
      leave: async (identity, now) => {
        const claims = this.#claimsOf(identity)
        await store.leave(identity, now)
        this.#left(who, identity, claims)
      },
      prepareToLeave: async (identity, now) => {
        const takeStep = await store.prepareToLeave(identity, now)
        return () => {
          const claims = this.#claimsOf(identity)
          takeStep()
          this.#left(who, identity, claims)
          this.meet('jobs handed back by the last step')
        }
      },
      promote: async (request) => {
        const moved = await store.promote(request)
        if (moved > 0) this.note(who, `promoted ${moved}`)
        if (moved > 0) this.#checkPlaces()
        return moved
      },
    }
  }

  #claimsOf(identity: string): Map<string, Claim> {
    return new Map(this.#params.state.workers.get(identity)?.inFlight)
  }

  #left(who: string, identity: string, claims: ReadonlyMap<string, Claim>): void {
    this.left.add(identity)
    this.#takeBack(claims.keys())
    if (claims.size > 0) this.meet('jobs handed back')
    this.note(who, `left with ${[...claims.values()].map(named)}`)
    this.#checkPlaces()
  }

  #pushed(who: string, { token, jobs }: PushBatch): void {
    this.note(who, `pushed ${jobs.map(named)} under ${token}`)
    this.#checkPlaces()
  }

  #settled({ identity }: ExchangeRequest, { token, to }: Settlement, claims: Map<string, Claim>): void {
    const claim = claims.get(token)
    if (this.#takenBack.has(token)) this.break(`${identity} settled claim ${token}, which was taken from it`)
    if (claim === undefined) {
      this.break(`${identity} settled claim ${token}, which it did not hold`)
      return
    }
    const entry = this.jobs.get(nameIn(claim.payload))!
    if (to === 'done') entry.gone += 1
    else if (to === 'dead') entry.buried += 1
    else if (to === 'retry') entry.retries += 1
    else if (to === 'schedule') entry.snoozes += 1
    if (entry.gone + entry.buried > 1) this.break(`${entry.plan.name} was settled for good a second time`)
  }

  #exchanged(who: string, taken: readonly Settlement[], claims: readonly Claim[]): void {
    if (taken.length === 0 && claims.length === 0) return
    const settled = taken.map(({ token, to }) => `${token}:${to}`)
    this.note(who, `settled ${settled} claimed ${claims.map((claim) => `${named(claim)}:${claim.token}`)}`)
    this.#checkPlaces()
  }

  async #recovering(
    who: string,
    { identity }: RecoverRequest,
    recover: () => Promise<Recovered[] | null>,
  ): Promise<Recovered[] | null> {
    const claims = this.#claimsOf(identity)
    const jobs = await recover()
    if (jobs === null) return null
    this.#takeBack(claims.keys())
    for (const { route, payload } of jobs)
      if (route.to === 'dead') this.jobs.get(nameIn(payload))!.buried += 1
    this.note(who, `recovered ${identity} with ${[...claims.values()].map(named)}`)
    this.#params.recovered(identity)
    this.#checkPlaces()
    return jobs
  }

  #takeBack(tokens: Iterable<string>): void {
    for (const token of tokens) this.#takenBack.add(token)
  }

  /** A job is in at most one place, and in none once it is gone. */
  #checkPlaces(): void {
    for (const [name, places] of this.held()) {
      const entry = this.jobs.get(name)!
      if (places > 1) this.break(`${name} is in ${places} places at once`)
      if (entry.gone > 0) this.break(`${name} is stored although it is gone`)
      if (entry.answer === 'not stored') this.break(`${name} is stored, and its enqueuer was told it is not`)
    }
  }
}

function named({ payload }: { readonly payload: string }): string {
  return nameIn(payload)
}

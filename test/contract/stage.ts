import type { EpochMs } from '../../src/kernel/clock.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { Claim, ExchangeReply, ExchangeRequest, Settlement } from '../../src/store/exchange.ts'
import type { Entry } from '../../src/store/inspection.ts'
import type { Store } from '../../src/store/store.ts'
import type { Beat, BeatReply, WorkerInfo } from '../../src/store/worker-record.ts'

/** What a scenario may ask of the store under test beyond the defaults. */
export interface OpenOptions {
  /** Instead of `DEAD_MAX_JOBS`. */
  readonly deadMaxJobs?: number
  /** Instead of `DEAD_MAX_AGE_MS`. */
  readonly deadMaxAgeMs?: number
}

/** Fresh, isolated state: a temp file, a random key prefix, a new `MemoryState`. */
export interface OpenedState {
  /** A new connection to this state. The suite closes it (perhaps a second time). */
  connect(): Promise<Store>
  /** Removes the state. Called once, after every connection was closed. */
  dispose(): Promise<void>
}

export interface StoreUnderTest {
  readonly name: string
  /** Makes fresh, isolated state. Scenarios run side by side, so two states must not share anything. */
  open(options: OpenOptions): Promise<OpenedState>
  /** Scenarios that this store cannot pass, each with the reason; the report shows them as gaps. */
  readonly unsupported?: ReadonlyArray<{ readonly scenario: string; readonly reason: string }>
}

/** One scenario: gets a stage with fresh state, fails by throwing. */
export type Scenario = (stage: Stage) => Promise<void>

/** A scenario that needs a store with other limits than the defaults. */
export interface ConfiguredScenario {
  readonly options: OpenOptions
  readonly run: Scenario
}

export type Scenarios = Readonly<Record<string, Scenario | ConfiguredScenario>>

/** The moment at which scenarios begin: a Tuesday, 10:30 UTC, far from midnight. */
export const T0: EpochMs = Date.UTC(2025, 9, 14, 10, 30)

/** A payload as on the wire, recognisable by its jid. */
export function job(jid: string): string {
  return `{"class":"Thumbnail","args":["${jid}",1],"jid":"${jid}","created_at":1760437800.5}`
}

export function workerInfo(identity: string): WorkerInfo {
  return {
    identity,
    hostname: 'host-1',
    pid: 4321,
    bootId: 'boot-1',
    processStart: '987654',
    startedAt: T0 - 5_000,
    tag: 'app',
    labels: ['reliable', 'blue'],
    capsules: [{ name: 'default', concurrency: 5, mode: 'strict', weights: { a: 0, b: 0 } }],
    version: '0.1.0',
  }
}

export const isClosed = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'store.closed'

export function beatOf(identity: string, changes: Partial<Beat> = {}): Beat {
  return {
    worker: workerInfo(identity),
    now: T0,
    quiet: false,
    running: [],
    processed: 0,
    failed: 0,
    rssKib: 51_200,
    roundTripUs: 180,
    ...changes,
  }
}

/** The worker identities that scenarios use. */
export const ANN = 'host-1:4321:aaaaaaaaaaaa'
export const BOB = 'host-2:99:bbbbbbbbbbbb'

/** A store under test with the few sentences that most scenarios are made of. Every one is a single call of the port. */
export class Stage {
  /** The first connection. */
  readonly store: Store
  readonly #connect: () => Promise<Store>
  /** Shared by all stages on one state: a token that two of them used would make the second push a repeat. */
  readonly #pushes: { count: number }

  constructor(store: Store, connect: () => Promise<Store>, pushes = { count: 0 }) {
    this.store = store
    this.#connect = connect
    this.#pushes = pushes
  }

  /** A second connection to the same state. */
  connect(): Promise<Store> {
    return this.#connect()
  }

  /** A stage on the same state whose sentences speak through `store`. */
  through(store: Store): Stage {
    return new Stage(store, this.#connect, this.#pushes)
  }

  /** A push token that was not used on this state before. */
  freshToken(): string {
    this.#pushes.count += 1
    return `push-${String(this.#pushes.count).padStart(19, '0')}`
  }

  /** Pushes runnable jobs to one queue, in order. */
  push(queue: string, ...payloads: string[]): Promise<void> {
    const jobs = payloads.map((payload) => ({ queue, payload, at: null }))
    return this.store.push({ token: this.freshToken(), now: T0, jobs })
  }

  /** Waits for jobs; resolves with those that the wait itself has claimed. */
  async wait(identity: string, queues: string[], signal = new AbortController().signal): Promise<Claim[]> {
    const claims: Claim[] = []
    await this.store.waitForJobs({ identity, queues, signal, taken: (got) => claims.push(...got) })
    return claims
  }

  schedule(queue: string, payload: string, at: EpochMs): Promise<void> {
    return this.store.push({ token: this.freshToken(), now: T0, jobs: [{ queue, payload, at }] })
  }

  beat(identity: string, changes: Partial<Beat> = {}): Promise<BeatReply> {
    return this.store.heartbeat(beatOf(identity, changes))
  }

  exchange(identity: string, changes: Partial<ExchangeRequest> = {}): Promise<ExchangeReply> {
    return this.store.exchange({ identity, now: T0, settle: [], queues: ['a'], count: 0, ...changes })
  }

  async claim(identity: string, count: number, queues: readonly string[] = ['a']): Promise<Claim[]> {
    return [...(await this.exchange(identity, { count, queues })).claims]
  }

  /** Registers the worker, pushes one job to queue `a` and claims it. */
  async claimOne(identity: string, payload: string): Promise<Claim> {
    await this.beat(identity)
    await this.push('a', payload)
    return (await this.claim(identity, 1))[0]!
  }

  settle(identity: string, ...settle: Settlement[]): Promise<ExchangeReply> {
    return this.exchange(identity, { settle })
  }

  /** Payloads of a queue, next to run first. */
  async queued(queue: string): Promise<string[]> {
    return payloadsOf(await this.store.list({ queue }, ALL))
  }

  entries(set: 'schedule' | 'retry' | 'dead'): Promise<Entry[]> {
    return this.store.list({ set }, ALL)
  }
}

/** More than any scenario ever stores in one place. */
export const ALL = { offset: 0, limit: 10_000 }

export function payloadsOf(entries: ReadonlyArray<{ readonly payload: string }>): string[] {
  return entries.map((entry) => entry.payload)
}

/** Gives `use` a stage on this state; closes what was connected and removes the state, whatever happened. */
export async function onFreshState(state: OpenedState, use: Scenario): Promise<void> {
  const connections: Store[] = []
  const connect = async () => {
    const store = await state.connect()
    connections.push(store)
    return store
  }
  try {
    await use(new Stage(await connect(), connect))
  } finally {
    await Promise.all(connections.map((store) => store.close()))
    await state.dispose()
  }
}

import { Client, type ClientOptions } from '../../src/client/client.ts'
import { type Definition, definition, type JobContext, type JobOptions } from '../../src/job/definition.ts'
import type { Payload } from '../../src/job/payload.ts'
import type { EpochMs } from '../../src/kernel/clock.ts'
import type { LogFields, Logger } from '../../src/kernel/logger.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import type { Runtime } from '../../src/kernel/runtime.ts'
import type { Entry } from '../../src/store/inspection.ts'
import { MemoryState, memoryStore } from '../../src/store/memory/index.ts'
import type { Store } from '../../src/store/store.ts'
import type { Beat, CapsuleInfo, WorkerInfo } from '../../src/store/worker-record.ts'
import { type Fault, type FaultPlan, faultyStore, type StoreMethod } from '../../src/testing/faulty-store.ts'
import { SimClock } from '../../src/testing/sim-clock.ts'
import type { Host } from '../../src/worker/host.ts'

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A world in which only simulated time passes: one memory store, and a way to it on which calls can get lost. */
export class Stage {
  readonly clock = new SimClock()
  readonly lines: Line[] = []
  readonly runtime: Runtime
  readonly state = new MemoryState()
  /** Never fails: for looking and for preparing. */
  readonly store: Store
  /** What the code under test uses: fails as `faults` says, and its calls are noted in `calls`. */
  readonly line: Store
  readonly calls: Array<{
    readonly method: StoreMethod
    readonly asked: readonly unknown[]
    readonly at: EpochMs
  }> = []
  faults: FaultPlan = () => 'pass'
  #pushes = 0

  /** @param isApart whether the store says that another process does its work */
  constructor(seed = 1, isApart = false) {
    this.runtime = { clock: this.clock, random: seededRandom(seed), logger: noting(this.lines) }
    this.store = { ...memoryStore({ state: this.state, clock: this.clock }), isApart }
    this.line = this.#noted(faultyStore(this.store, (method, nth) => this.faults(method, nth)))
  }

  /** Lets everything that is ready happen; no time passes. */
  settle(): Promise<void> {
    return this.clock.advance(0)
  }

  client(options: ClientOptions = {}): Client {
    return new Client(this.runtime, this.line, options)
  }

  /** Pushes payloads to a queue, past all faults. */
  push(queue: string, ...payloads: string[]): Promise<void> {
    const jobs = payloads.map((payload) => ({ queue, payload, at: null }))
    this.#pushes += 1
    return this.store.push({ token: `stage-${this.#pushes}`, now: this.clock.now(), jobs })
  }

  async queued(queue: string): Promise<string[]> {
    return (await this.store.list({ queue }, ALL)).map((entry) => entry.payload)
  }

  entries(set: 'schedule' | 'retry' | 'dead'): Promise<Entry[]> {
    return this.store.list({ set }, ALL)
  }

  callsOf(method: StoreMethod) {
    return this.calls.filter((call) => call.method === method)
  }

  messages(level: Line['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message)
  }

  #noted(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const call: unknown = Reflect.get(target, name)
        if (typeof call !== 'function') return call
        return (...asked: unknown[]) => {
          this.calls.push({ method: name as StoreMethod, asked, at: this.clock.now() })
          return call(...asked)
        }
      },
    })
  }
}

const ALL = { offset: 0, limit: 100_000 }

function noting(lines: Line[]): Logger {
  const at =
    (level: Line['level']) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields })
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  }
  return logger
}

/** Everything fails with this, from now on. */
export const down: FaultPlan = () => 'before'

/** The nth call of one method has this fault; all other calls pass. */
export function faultAt(method: StoreMethod, nth: number, fault: Fault): FaultPlan {
  let seen = 0
  return (called) => {
    if (called !== method) return 'pass'
    seen += 1
    return seen === nth ? fault : 'pass'
  }
}

/** A payload as on the wire, recognisable by its jid. */
export function raw(jid: string, fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ class: 'Work', args: [jid], jid, created_at: 1760437800.5, ...fields })
}

export const payloadOf = (text: string): Payload => JSON.parse(text) as Payload

/** The job of these tests: called Work, its first argument is its jid. */
export function work(
  run: (jid: string, context: JobContext) => unknown,
  options: Partial<JobOptions> = {},
): Definition {
  return definition({ name: 'Work', ...options, run: (args, context) => run(String(args[0]), context) })
}

/** A job that goes on until it is told to end, by jid. */
export function gated() {
  const gates = new Map<string, PromiseWithResolvers<unknown>>()
  const begun: string[] = []
  const signals = new Map<string, AbortSignal>()
  const gate = (jid: string) => {
    const known = gates.get(jid) ?? Promise.withResolvers<unknown>()
    gates.set(jid, known)
    return known
  }
  const made = work((jid, { signal }) => {
    begun.push(jid)
    signals.set(jid, signal)
    return gate(jid).promise
  })
  return { made, begun, signals, end: (jid: string, value?: unknown) => gate(jid).resolve(value), gate }
}

export function capsuleInfo(concurrency: number, ...queues: string[]): CapsuleInfo {
  const weights = Object.fromEntries((queues.length === 0 ? ['a'] : queues).map((queue) => [queue, 0]))
  return { name: 'default', concurrency, mode: 'strict', weights }
}

export function hostOf(changes: Partial<Host> = {}): Host {
  return {
    hostname: 'host-1',
    pid: 100,
    bootId: 'boot-1',
    processStart: '500',
    rssKib: () => 51_200,
    stateOf: () => 'unknown',
    ...changes,
  }
}

export function workerInfo(identity: string, changes: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    identity,
    hostname: 'host-2',
    pid: 4321,
    bootId: 'boot-2',
    processStart: '987',
    startedAt: 0,
    tag: '',
    labels: [],
    capsules: [capsuleInfo(2)],
    version: '0.1.0',
    ...changes,
  }
}

export function beatOf(worker: WorkerInfo, now: EpochMs): Beat {
  return { worker, now, quiet: false, running: [], processed: 0, failed: 0, rssKib: 1, roundTripUs: 1 }
}

import { editPayload } from '../job/edit-payload.ts'
import { enqueueEdits } from '../job/new-payload.ts'
import { isMalformed, parsePayload } from '../job/payload.ts'
import type { MonoMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Route } from '../store/transfer.ts'
import type { Outage } from './outage.ts'

/** How often due jobs are looked for, by all processes together. The wire's own default. */
export const POLL_MS = 5_000

/** Moved in one step; more would keep the store from others for too long. */
const BATCH = 100

/** Processes come and go with deploys; asking more often would be most of what an idle worker sends. */
const COUNT_MS = 60_000

export interface PollerParams {
  readonly outage: Outage
  readonly intervalMs: number
}

/** Moves jobs whose time has come from the retry set and the schedule to their queues. */
export class Poller {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: PollerParams
  readonly #stopped = new AbortController()
  #processes = 1
  #countedAt: MonoMs | null = null
  #loop: Promise<void> = Promise.resolve()

  constructor(runtime: Runtime, store: Store, params: PollerParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#runtime
    while (!this.#stopped.signal.aborted) {
      // Every process takes its share: with ten of them each looks a tenth as often.
      await clock.sleep(
        this.#params.intervalMs * this.#processes * (0.5 + random.float()),
        this.#stopped.signal,
      )
      try {
        await this.#promoteAll()
        await this.#countProcesses()
      } catch (error) {
        this.#params.outage.failed('moving due jobs', error)
      }
    }
  }

  async #promoteAll(): Promise<void> {
    let moved = BATCH
    while (moved === BATCH && !this.#stopped.signal.aborted) {
      const now = this.#runtime.clock.now()
      moved = await this.#store.promote({ now, limit: BATCH, route: (payload) => dueRoute(payload, now) })
    }
  }

  async #countProcesses(): Promise<void> {
    const now = this.#runtime.clock.mono()
    if (this.#countedAt !== null && now - this.#countedAt < COUNT_MS) return
    const { workers } = await this.#store.stats(this.#runtime.clock.now(), 1)
    this.#processes = Math.max(1, workers)
    this.#countedAt = now
  }
}

/** Where a due job goes. One that nobody could run goes to the dead set: in its set it would come up for ever. */
export function dueRoute(raw: string, now: number): Route {
  const payload = parsePayload(raw)
  if (isMalformed(payload)) return { to: 'dead', payload: null, reason: payload.malformed }
  return { to: 'queue', queue: payload.queue ?? 'default', payload: editPayload(raw, enqueueEdits(now)) }
}

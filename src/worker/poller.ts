import { editPayload } from '../job/edit-payload.ts'
import { enqueueEdits } from '../job/new-payload.ts'
import { isMalformed, parsePayload } from '../job/payload.ts'
import type { MonoMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Route } from '../store/transfer.ts'
import type { Outage } from './outage.ts'
import { Rounds } from './rounds.ts'

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
  readonly #rounds: Rounds
  #processes = 1
  #countedAt: MonoMs | null = null

  constructor(runtime: Runtime, store: Store, params: PollerParams) {
    this.#runtime = runtime
    this.#store = store
    this.#rounds = new Rounds(runtime, {
      // Every process takes its share: with ten of them each looks a tenth as often.
      pauseMs: () => params.intervalMs * this.#processes * (0.5 + runtime.random.float()),
      round: (stopped) => this.#promoteAll(stopped),
      failed: (error) => params.outage.failed('moving due jobs', error),
    })
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  async #promoteAll(stopped: AbortSignal): Promise<void> {
    let moved = BATCH
    while (moved === BATCH && !stopped.aborted) {
      const now = this.#runtime.clock.now()
      moved = await this.#store.promote({ now, limit: BATCH, route: (payload) => dueRoute(payload, now) })
    }
    if (!stopped.aborted) await this.#countProcesses()
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

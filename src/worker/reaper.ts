import { afterCrash } from '../job/crash.ts'
import { isMalformed, parsePayload } from '../job/payload.ts'
import type { EpochMs, MonoMs } from '../kernel/clock.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Recovered, Route } from '../store/transfer.ts'
import type { WorkerRecord } from '../store/worker-record.ts'
import { BEAT_MS } from './heartbeat.ts'
import type { Host } from './host.ts'
import type { Outage } from './outage.ts'
import { Rounds } from './rounds.ts'
import type { WorkerEvents } from './worker-events.ts'

/** A worker that has not beaten for so long has lost its jobs. The wire's own expiry. */
export const LEASE_MS = 60_000

/** Three beats: a worker that lives would have shown itself, whatever its clock says. */
const WATCHED_MS = 3 * BEAT_MS

/** How often each process looks for dead ones: the second look may already believe what the first saw. */
const REAP_MS = WATCHED_MS

export interface ReaperParams {
  readonly identity: string
  readonly host: Host
  readonly outage: Outage
  readonly events: WorkerEvents
}

interface Sighting {
  readonly beatAt: EpochMs
  readonly since: MonoMs
}

/**
 * Gives the jobs of dead workers back.
 *
 * A neighbour on this host is dead when its process is gone; one that is merely stopped keeps its jobs. Any
 * other worker is dead when its lease is over and its beat has not moved while we watched: the second rule is
 * what makes a wrong clock harmless.
 */
export class Reaper {
  readonly #runtime: Runtime
  readonly #store: Store
  readonly #params: ReaperParams
  readonly #rounds: Rounds
  readonly #sightings = new Map<string, Sighting>()

  constructor(runtime: Runtime, store: Store, params: ReaperParams) {
    this.#runtime = runtime
    this.#store = store
    this.#params = params
    this.#rounds = new Rounds(runtime, {
      pauseMs: () => REAP_MS * (1 + runtime.random.float() / 2),
      round: () => this.reap(),
      failed: (error) => {
        // Nobody could beat while the store was away: whoever lives gets the time to show itself again.
        this.#sightings.clear()
        params.outage.failed('looking for dead workers', error)
      },
    })
  }

  /** Looks again and again; for the first look at once, call `reap`. */
  start(): void {
    this.#rounds.start()
  }

  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** @throws StoreError */
  async reap(): Promise<void> {
    const records = await this.#store.workers()
    this.#forget(records)
    for (const record of records) {
      const cause = record.info.identity === this.#params.identity ? null : this.#causeOfDeath(record)
      if (cause === null) continue
      const jobs = await recoverWorker(this.#store, record, { cause, now: this.#runtime.clock.now() })
      if (jobs === null) continue
      const { identity } = record.info
      this.#runtime.logger.warn('recovered a dead worker', { identity, cause, jobs: jobs.length })
      this.#params.events.recovered?.(identity, jobs)
    }
  }

  #causeOfDeath({ info, beatAt }: WorkerRecord): string | null {
    const { host } = this.#params
    const state = host.stateOf(info)
    if (state === 'gone') return 'its process is gone'
    // One that names another boot may be a process that has by chance the same pid and start: it has but its lease.
    if (state === 'alive' && info.bootId === host.bootId) return null
    const silentMs = this.#runtime.clock.now() - beatAt
    const watchedMs = this.#watch(info.identity, beatAt)
    // Nothing of this host's earlier life runs on; its silence tells it from a container or host of the same name.
    if (state === 'unknown' && info.hostname === host.hostname && watchedMs >= WATCHED_MS)
      return 'its host was started again'
    // A clock that runs ahead would keep its worker alive past its death: a whole lease by our own clock tells, too.
    const isOver = watchedMs > LEASE_MS || (silentMs > LEASE_MS && watchedMs >= WATCHED_MS)
    return isOver ? 'its heartbeat is gone' : null
  }

  #forget(records: readonly WorkerRecord[]): void {
    const known = new Set(records.map(({ info }) => info.identity))
    for (const identity of this.#sightings.keys()) if (!known.has(identity)) this.#sightings.delete(identity)
  }

  /** For how long this beat has been the worker's last, by our own clock. */
  #watch(identity: string, beatAt: EpochMs): number {
    const now = this.#runtime.clock.mono()
    const sighting = this.#sightings.get(identity)
    if (sighting?.beatAt === beatAt) return now - sighting.since
    this.#sightings.set(identity, { beatAt, since: now })
    return 0
  }
}

/**
 * Takes a dead worker's jobs back: to the front of their queues, or to the dead set when they have ended too
 * many processes.
 *
 * @param cause what the worker died of, in words; it is kept with each job
 * @returns null when the worker lives after all, or was recovered by another
 */
export function recoverWorker(
  store: Store,
  { info, beatAt }: WorkerRecord,
  { cause, now }: { cause: string; now: EpochMs },
): Promise<Recovered[] | null> {
  return store.recover({
    identity: info.identity,
    now,
    beatAt,
    revise: (raw, queue) => revise(raw, queue, { cause, now }),
  })
}

function revise(raw: string, queue: string, death: { cause: string; now: EpochMs }): Route {
  const payload = parsePayload(raw)
  if (isMalformed(payload)) return { to: 'dead', payload: null, reason: payload.malformed }
  const after = afterCrash(raw, payload, { alone: false, ...death })
  if (after.buried !== null) return { to: 'dead', payload: after.payload, reason: after.buried }
  return { to: 'queue', queue, payload: after.payload }
}

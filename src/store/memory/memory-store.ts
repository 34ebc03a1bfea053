import type { Clock, EpochMs } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import type { Store } from '../store.ts'
import { exchange, inFlight, leave } from './claims.ts'
import { clear, list, move, pause, ping, queues, stats } from './inspection.ts'
import { MemoryState, type MemoryStateOptions } from './memory-state.ts'
import { heartbeat, signal, workers } from './registry.ts'
import { promote, push, recover } from './transfer.ts'
import { waitForJobs } from './wait-for-jobs.ts'

export interface MemoryStoreOptions extends MemoryStateOptions {
  /** What this connection reads and changes; a new, empty state by default. Limits given beside it are its own affair. */
  readonly state?: MemoryState
  /** Ends a wait for jobs after about a minute. Without it a wait has no timer and no end of its own. */
  readonly clock?: Clock
}

/**
 * The reference store: what the others are compared against, in the simplest code. Jobs end with the process.
 *
 * Every method but `waitForJobs` is one synchronous step behind its promise.
 *
 * @throws StoreError `store.closed` (as a rejection) from every method after `close`
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const state = options.state ?? new MemoryState(options)
  const closing = new AbortController()
  const demandOpen = () => {
    if (closing.signal.aborted) throw new StoreError('store.closed', 'this connection was closed')
  }
  const whileOpen =
    <Asked extends unknown[], Answer>(step: (...asked: Asked) => Answer) =>
    async (...asked: Asked): Promise<Answer> => {
      demandOpen()
      return step(...asked)
    }
  return {
    isApart: false,
    push: whileOpen(push(state)),
    exchange: whileOpen(exchange(state)),
    waitForJobs: waitForJobs(state, { closed: closing.signal, clock: options.clock ?? null }),
    heartbeat: whileOpen(heartbeat(state)),
    inFlight: whileOpen(inFlight(state)),
    leave: whileOpen(leave(state)),
    prepareToLeave: whileOpen((identity: string, now: EpochMs) => () => {
      demandOpen()
      leave(state)(identity, now)
    }),
    workers: whileOpen(workers(state)),
    recover: whileOpen(recover(state)),
    promote: whileOpen(promote(state)),
    queues: whileOpen(queues(state)),
    list: whileOpen(list(state)),
    move: whileOpen(move(state)),
    clear: whileOpen(clear(state)),
    pause: whileOpen(pause(state)),
    signal: whileOpen(signal(state)),
    stats: whileOpen(stats(state)),
    ping: whileOpen(ping(state)),
    close: async () => closing.abort(),
  }
}

import type { Clock } from '../../kernel/clock.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import { closedError, isBusy } from './translate.ts'

/**
 * How long SQLite itself may wait for a lock. It blocks the event loop meanwhile; a transaction of another process
 * is over sooner than that unless the disk is slow.
 */
export const BLOCKING_WAIT_MS = 20

/** A call answers or fails within this long: past it, its caller has more use for an error than for patience. */
const DEADLINE_MS = 5_000

/** Pause between attempts: random, so that processes that collided do not collide again. */
const MIN_PAUSE_MS = 2
const MAX_PAUSE_MS = 20

/**
 * Repeats `attempt` while another process holds the lock, letting the event loop turn in between.
 *
 * @throws what `attempt` threw last; `store.closed` when `closed` aborts meanwhile
 */
export async function patiently<T>(runtime: Runtime, closed: AbortSignal, attempt: () => T): Promise<T> {
  const { clock, random } = runtime
  const start = clock.mono()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      demandPatience(error, clock.mono() - start)
    }
    await clock.sleep(MIN_PAUSE_MS + random.float() * (MAX_PAUSE_MS - MIN_PAUSE_MS), closed)
    if (closed.aborted) throw closedError()
  }
}

/** The same where the event loop does not turn any more: SQLite itself waits for the lock, a little in each attempt. */
export function stubbornly<T>(clock: Clock, attempt: () => T): T {
  const start = clock.mono()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      demandPatience(error, clock.mono() - start)
    }
  }
}

function demandPatience(error: unknown, sinceMs: number): void {
  if (!isBusy(error) || sinceMs >= DEADLINE_MS) throw error
}

import type { Clock } from '../../kernel/clock.ts'
import type { Store } from '../store.ts'
import type { MemoryState } from './memory-state.ts'

/** The port allows about a minute; a wait that ends for nothing costs one empty exchange. */
const LONGEST_WAIT_MS = 60_000

export interface WaitLimits {
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal
  /** Bounds a wait; without it only a job, the signal or closing the store ends one. */
  readonly clock: Clock | null
}

/** Waits by notification within the process; a job that is already there ends it at once. */
export const waitForJobs =
  (state: MemoryState, { closed, clock }: WaitLimits): Store['waitForJobs'] =>
  async ({ queues, signal }) => {
    if (closed.aborted || signal.aborted) return
    if (queues.some((queue) => state.isClaimable(queue))) return
    const over = new AbortController()
    const end = () => over.abort()
    state.waiting.add(queues, end)
    closed.addEventListener('abort', end)
    signal.addEventListener('abort', end)
    await (clock === null ? aborted(over.signal) : clock.sleep(LONGEST_WAIT_MS, over.signal))
    state.waiting.remove(end)
    closed.removeEventListener('abort', end)
    signal.removeEventListener('abort', end)
  }

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

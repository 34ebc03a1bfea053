import type { Clock } from './clock.ts'

export interface Limit {
  readonly ms: number
  /** Ends the waiting before its time. */
  readonly signal?: AbortSignal
}

/** Resolves with `work` or at the limit, whichever comes first; rejects when `work` does before. */
export async function within(clock: Clock, { ms, signal }: Limit, work: Promise<unknown>): Promise<void> {
  const done = new AbortController()
  const over = signal === undefined ? done.signal : AbortSignal.any([done.signal, signal])
  try {
    await Promise.race([work, clock.sleep(ms, over)])
  } finally {
    done.abort()
  }
}

/** Wall-clock time: whole or fractional milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** A reading of the monotonic clock. Only differences mean something. */
export type MonoMs = number & { readonly monotonic: unique symbol }

/** The only way to know the time or to let it pass. */
export interface Clock {
  now(): EpochMs
  mono(): MonoMs
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `act` after `ms`, unless the function that it answers is called before. A limit for what mostly ends sooner. */
  after(ms: number, act: () => void): () => void
}

/** The machine's own clocks and timers. What is pending keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now() as MonoMs,
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        // A listener left behind on a long-lived signal would leak one per sleep.
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal?.addEventListener('abort', end, { once: true })
    })
  },
  after(ms, act) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}

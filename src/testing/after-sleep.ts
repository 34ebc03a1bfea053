import type { Clock } from '../kernel/clock.ts'

/** `Clock.after` of a clock whose time is made by hand: a sleep that may be cut short. */
export function afterSleep(sleep: Clock['sleep']): Clock['after'] {
  return (ms, act) => {
    const over = new AbortController()
    void sleep(ms, over.signal).then(() => {
      if (!over.signal.aborted) act()
    })
    return () => over.abort()
  }
}

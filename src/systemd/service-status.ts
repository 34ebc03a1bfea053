/** What a worker tells systemd about itself, in the moment of telling. */
export interface ServiceFacts {
  readonly state: 'starting' | 'running' | 'quiet' | 'draining' | 'stopped'
  readonly busy: number
  readonly concurrency: number
  /** Jobs in all queues; null when the store does not answer, undefined before it was asked. */
  readonly waiting: number | null | undefined
  /** Of the drain. */
  readonly leftMs: number
}

/** What `systemctl status` shows beside "Status:". */
export function statusText({ state, busy, concurrency, waiting, leftMs }: ServiceFacts): string {
  switch (state) {
    case 'running':
      if (waiting === null) return `${busy}/${concurrency} busy, the store does not answer`
      return `${busy}/${concurrency} busy${waiting === undefined ? '' : `, ${waiting} waiting`}`
    case 'quiet':
      return `quiet, ${jobsLeft(busy)}`
    case 'draining':
      return `draining, ${jobsLeft(busy)}, ${Math.ceil(Math.max(0, leftMs) / 1_000)} s`
    default:
      return state
  }
}

/** How much longer systemd is to wait with its kill, each time that it is told: say so again before. */
const EXTENSION_US = 5_000_000

/** Asks systemd, which else kills after TimeoutStopSec, for a few more seconds. */
export const EXTEND_TIMEOUT = `EXTEND_TIMEOUT_USEC=${EXTENSION_US}`

/** Half the time within which systemd wants to hear from this process; null when it does not watch it. */
export function watchdogPeriodMs(environment: NodeJS.ProcessEnv, pid: number): number | null {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment
  if (WATCHDOG_PID && Number(WATCHDOG_PID) !== pid) return null
  const limitMs = Number(WATCHDOG_USEC) / 1_000
  return limitMs > 0 ? limitMs / 2 : null
}

function jobsLeft(count: number): string {
  return count === 1 ? '1 job left' : `${count} jobs left`
}

import { readFileSync } from 'node:fs'

/** What systemd tells in ExecStopPost of how a service ended; see systemd.exec(5). */
export interface Death {
  readonly invocation: string
  /** `oom-kill`, `watchdog`, `timeout`, `signal KILL`, `core-dump ABRT`, `exit-code 1` … */
  readonly cause: string
}

/**
 * null outside of ExecStopPost.
 * @param events `memory.events` of the unit's cgroup, '' where there is none
 */
export function deathIn(environment: NodeJS.ProcessEnv, events = memoryEvents()): Death | null {
  const { SERVICE_RESULT: result, INVOCATION_ID: invocation } = environment
  if (!result || !invocation) return null
  const cause = causeOf(result, environment)
  // With `OOMPolicy=continue` systemd tells an OOM kill like any other.
  const isOutOfMemory = cause === 'signal KILL' && /^oom_kill [1-9]/m.test(events)
  return { invocation, cause: isOutOfMemory ? 'oom-kill' : cause }
}

function memoryEvents(): string {
  try {
    const [, group = ''] = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? []
    // A command of the unit may have a group of its own below that of the unit.
    const unit = group.replace(/(\.service)\/.*$/, '$1')
    return readFileSync(`/sys/fs/cgroup${unit}/memory.events`, 'utf8')
  } catch {
    return ''
  }
}

function causeOf(result: string, { EXIT_CODE, EXIT_STATUS = '' }: NodeJS.ProcessEnv): string {
  switch (result) {
    case 'signal':
    case 'core-dump':
    case 'exit-code':
      return `${result} ${EXIT_STATUS}`.trimEnd()
    // Clean for systemd, and yet a process that has left jobs behind.
    case 'success':
      return EXIT_CODE === 'exited' ? `exit-code ${EXIT_STATUS}` : `signal ${EXIT_STATUS}`.trimEnd()
    default:
      return result
  }
}

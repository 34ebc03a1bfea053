/** What systemd tells in ExecStopPost of how a service ended; see systemd.exec(5). */
export interface Death {
  readonly invocation: string
  /** `oom-kill`, `watchdog`, `timeout`, `signal KILL`, `core-dump ABRT`, `exit-code 1` … */
  readonly cause: string
}

/** null outside of ExecStopPost. */
export function deathIn(environment: NodeJS.ProcessEnv): Death | null {
  const { SERVICE_RESULT: result, INVOCATION_ID: invocation } = environment
  return result && invocation ? { invocation, cause: causeOf(result, environment) } : null
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

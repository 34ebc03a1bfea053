import { readFileSync } from 'node:fs'

/** One run of a systemd service. */
export interface ServiceRun {
  /** With its suffix: `app-mail@20261124-1.service`. */
  readonly unit: string
  /** INVOCATION_ID: another one each time that the unit starts, and the same in its ExecStopPost. */
  readonly invocation: string
}

/** The run of a service that this process is part of, or null. */
export function ownService(environment: NodeJS.ProcessEnv, cgroups = readCgroups()): ServiceRun | null {
  const invocation = environment.INVOCATION_ID
  // The last of its path: a user's manager above it is a service, too.
  const unit = cgroups.split(/[/\n]/).findLast((folder) => folder.endsWith('.service'))
  return invocation && unit ? { unit, invocation } : null
}

function readCgroups(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8')
  } catch {
    return ''
  }
}

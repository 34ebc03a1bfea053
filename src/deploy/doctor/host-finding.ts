import type { Severity } from '../../systemd/finding.ts'

/** What was found on a host. */
export interface HostFinding {
  readonly host: string
  /** `error`: stops a deploy, loses work or is not safe. `warning`: will surprise. `note`: how things are. */
  readonly severity: Severity
  readonly what: string
  /** What to do or to run; null when there is nothing to mend. */
  readonly fix: string | null
}

/** The same before it is said which host is meant. */
export type Remark = Omit<HostFinding, 'host'>

const remark =
  (severity: Severity) =>
  (what: string, fix: string | null = null): Remark => ({ severity, what, fix })

export const error = remark('error')
export const warning = remark('warning')
export const note = remark('note')

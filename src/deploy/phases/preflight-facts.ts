import type { FoundNode } from '../on-host/find-node.ts'
import type { HostFacts } from '../on-host/probe-host.ts'
import type { ReleaseFacts } from '../release.ts'
import type { Right } from '../services/service.ts'
import type { UnitState } from '../services/unit-state.ts'

/** All that is known of a host before anything is done. */
export interface PreflightFacts extends HostFacts {
  readonly releases: readonly ReleaseFacts[]
  readonly nodes: readonly FoundNode[]
  /** Of the units that exist apart from releases: fixed units, and the files of templates. */
  readonly units: readonly UnitState[]
  /** What sudo would not run without a password. */
  readonly refused: readonly Right[]
  /** How far its clock is from ours, in milliseconds; positive when it is ahead. */
  readonly skewMs: number
}

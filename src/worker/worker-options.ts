import type { DeathHandler } from '../job/death.ts'
import type { Registry } from '../job/registry.ts'
import type { CapsuleInfo, WorkerInfo } from '../store/worker-record.ts'
import type { Host } from './host.ts'
import type { Isolation } from './isolation.ts'
import type { UnknownJobRule } from './unknown-job-rule.ts'
import type { WorkerEvents } from './worker-events.ts'
import type { WorkerMiddleware } from './worker-middleware.ts'

export interface WorkerOptions {
  readonly capsules: readonly CapsuleInfo[]
  readonly registry: Registry
  readonly host: Host
  readonly middleware?: readonly WorkerMiddleware[]
  readonly isolation?: Isolation | null
  /** Hear of each job that this worker gives up, after the job's own `died`. */
  readonly deathHandlers?: readonly DeathHandler[]
  readonly events?: WorkerEvents
  /** Default `'return'`. */
  readonly unknownJobs?: UnknownJobRule
  /** Default `DRAIN_MS`. */
  readonly drainMs?: number
  /** Default `POLL_MS`. */
  readonly pollMs?: number
  /**
   * Ends the process, with `lastStep` as the last thing that it does, once the worker has stopped while jobs still run.
   * Without it they run on, while others may already run them again.
   */
  readonly endProcess?: (lastStep: () => void) => void
  readonly tag?: string
  readonly labels?: readonly string[]
  /** Of Capstan, shown to operators. */
  readonly version: string
  /** See `WorkerInfo`. */
  readonly service?: WorkerInfo['service'] | null
}

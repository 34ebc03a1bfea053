import type { EpochMs } from '../../kernel/clock.ts'
import type { Keys } from './keys.ts'
import type { RedisClient } from './redis-client.ts'
import { scoreOf } from './score.ts'

/** Limits of the dead set. */
export interface DeadLimits {
  readonly deadMaxJobs: number
  readonly deadMaxAgeMs: number
}

/** What every part of the store works with. */
export interface Ground {
  readonly client: RedisClient
  readonly keys: Keys
  readonly limits: DeadLimits
}

/** The arguments that scripts need to bury jobs at `now`; see the Lua function `bury`. */
export function graveOf({ keys, limits }: Ground, now: EpochMs): string[] {
  const lifeSeconds = Math.max(1, Math.ceil(limits.deadMaxAgeMs / 1000))
  return [
    scoreOf(now),
    scoreOf(now - limits.deadMaxAgeMs),
    String(-(limits.deadMaxJobs + 1)),
    keys.reasonPrefix,
    String(lifeSeconds),
  ]
}

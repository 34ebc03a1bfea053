import type { Payload } from '../job/payload.ts'
import { readWireTime } from '../job/wire-time.ts'
import type { EpochMs } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'

/** While somebody may know the job: it is a matter of who takes it. */
const MIN_MS = 1_000
/** Ten thousand such jobs then cost 300 claims a second, and a new release that knows them has them in half a minute. */
const MAX_MS = 30_000

/**
 * How long a job that could not begin here stays away from its queue, because its class is not known or its process did
 * not start: a second while another worker may know it, else as long as it has existed, so that the waits double, up to
 * half a minute. A quarter more is left to chance, so that jobs pushed together do not come back together.
 */
export function returnDelayMs(
  payload: Payload,
  { now, random, isAwaited }: { now: EpochMs; random: Random; isAwaited: boolean },
): number {
  const createdAt = readWireTime(payload.created_at)
  const age = createdAt === null ? MAX_MS : now - createdAt
  const waitMs = isAwaited ? MIN_MS : Math.min(MAX_MS, Math.max(MIN_MS, age))
  return Math.round(waitMs * (1 + random.float() / 4))
}

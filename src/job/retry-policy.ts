import type { EpochMs } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'
import { firstFailureAt, retriesOf } from './failure.ts'
import type { Payload } from './payload.ts'

/** Retries of a job that does not say how many it wants. With the curve below they span about 20 days. */
export const DEFAULT_RETRIES = 25

/** Retries that a payload asks for. `retry: 0` is a count: none, and then to the dead set. As in Ruby, `"5"` is none. */
export function retryLimit(retry: unknown): number {
  if (Number.isInteger(retry)) return retry as number
  return retry === false ? 0 : DEFAULT_RETRIES
}

/**
 * Whether a job that fails now is tried again: for `retry_for` seconds from its first failure, or else as often as
 * `retry` says. Where nothing tells when it first failed the count holds, or it would have no end.
 */
export function mayRetry(payload: Payload, now: EpochMs): boolean {
  const { retry, retry_for: seconds } = payload
  if (retry === false) return false
  const since = typeof seconds === 'number' ? firstFailureAt(payload, now) : null
  if (since !== null) return now < since + (seconds as number) * 1000
  return retriesOf(payload) < retryLimit(retry)
}

/** A job's own wait is spread by this share only: whoever wrote "10s" did not mean twenty. */
const OWN_SPREAD = 0.1

/**
 * How long to wait before the next try.
 *
 * retries⁴ + 15 s, and up to 10·(retries + 1) s on top so that jobs that failed together do not return together.
 *
 * @param retries failures before this one; 0 at the first
 * @param ownMs the job's own wait in place of the curve
 * @returns whole milliseconds
 */
export function retryDelayMs(retries: number, random: Random, ownMs?: number): number {
  if (ownMs !== undefined) return Math.round(ownMs * (1 + random.float() * OWN_SPREAD))
  return Math.round((retries ** 4 + 15) * 1000 + random.float() * 10_000 * (retries + 1))
}

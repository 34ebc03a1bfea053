import type { EpochMs } from '../../kernel/clock.ts'
import { utcDay } from '../../kernel/utc-day.ts'
import type { Ground } from './ground.ts'

const MARK_SECONDS = 7_776_000 // 90 days, as Sidekiq keeps them
/** Hosts that tell of one deploy within this time make one mark. */
const LOCK_SECONDS = 60
const MINUTE_MS = 60_000

/**
 * Marks a deploy in the charts of Sidekiq 7 and 8, whose form is the same. Of marks in one minute the first stays.
 *
 * @returns false when a mark with this label was made within the last minute
 */
export async function markDeploy({ client, keys }: Ground, label: string, now: EpochMs): Promise<boolean> {
  const minute = new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS).toISOString().replace('.000Z', 'Z')
  const lock = `${keys.prefix}deploylock-${label}`
  if ((await client.command(['SET', lock, minute, 'NX', 'EX', LOCK_SECONDS])) === null) return false
  const key = `${keys.prefix}${utcDay(now).replaceAll('-', '')}-marks`
  await Promise.all([
    client.command(['HSETNX', key, minute, label]),
    client.command(['EXPIRE', key, MARK_SECONDS]),
  ])
  return true
}

import type { EpochMs } from '../kernel/clock.ts'

/** What a store can do besides, where there are charts to be marked: Redis, for the pages of Sidekiq 7 and 8. */
export interface DeployMarks {
  /**
   * Marks a deploy at the minute of `now`. Of marks in one minute the first stays.
   *
   * @returns false when a mark with this label was made within the last minute, so that many hosts make one
   */
  markDeploy(label: string, now: EpochMs): Promise<boolean>
}

import type { EpochMs } from '../kernel/clock.ts'
import type { DeployMarks } from '../store/deploy-marks.ts'
import type { Store } from '../store/store.ts'

/** `repeated`: a mark of that label is less than a minute old. `unsupported`: the store has no charts. */
export type DeployMark = 'marked' | 'repeated' | 'unsupported'

export async function markDeploy(
  store: Store & Partial<DeployMarks>,
  label: string,
  now: EpochMs,
): Promise<DeployMark> {
  if (store.markDeploy === undefined) return 'unsupported'
  return (await store.markDeploy(label, now)) ? 'marked' : 'repeated'
}

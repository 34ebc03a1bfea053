import { isMalformed, parsePayload } from '../job/payload.ts'
import { readWireTime } from '../job/wire-time.ts'
import type { EpochMs } from '../kernel/clock.ts'
import type { QueueSummary } from '../store/inspection.ts'
import type { Store } from '../store/store.ts'

export interface QueueView {
  readonly name: string
  readonly size: number
  /** How long the oldest job, which runs next, has waited; 0 for an empty queue, null when that job does not say since when. */
  readonly latencyMs: number | null
  readonly paused: boolean
  /** Why no job can be put there or taken from there, in words. Absent where all is well. */
  readonly broken?: string
}

/** All queues, by name. */
export async function queueViews(store: Store, now: EpochMs): Promise<QueueView[]> {
  const queues = await store.queues(now)
  return queues.map(({ oldest, ...queue }) => ({ ...queue, latencyMs: latencyMs(oldest, now) }))
}

/** Names of the queues that hold or held jobs, and of those that workers serve: what an operator can mean. */
export async function knownQueues(store: Store, now: EpochMs): Promise<string[]> {
  const [queues, workers] = await Promise.all([store.queues(now), store.workers()])
  const served = workers.flatMap(({ info }) => info.capsules.flatMap(({ weights }) => Object.keys(weights)))
  return [...new Set([...queues.map(({ name }) => name), ...served])].sort()
}

function latencyMs(oldest: QueueSummary['oldest'], now: EpochMs): number | null {
  if (oldest === null) return 0
  const payload = parsePayload(oldest)
  const since = isMalformed(payload) ? null : readWireTime(payload.enqueued_at)
  // A client whose clock is ahead must not make a queue look faster than fast.
  return since === null ? null : Math.max(0, Math.round(now - since))
}

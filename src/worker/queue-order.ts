import type { Random } from '../kernel/random.ts'
import type { CapsuleInfo } from '../store/worker-record.ts'

/**
 * The queues of a capsule in the order in which the next claim tries them.
 *
 * Strict: as given. Otherwise drawn anew each time, a queue of weight 3 coming first three times as often as
 * one of weight 1, which still gets its turn.
 */
export function queueOrder(capsule: CapsuleInfo, random: Random): readonly string[] {
  const queues = Object.keys(capsule.weights)
  if (capsule.mode === 'strict' || queues.length === 1) return queues
  // Each queue waits an exponential time with its weight as rate; the first to arrive is drawn by weight.
  const arrivals = new Map(
    queues.map((queue) => [queue, -Math.log(1 - random.float()) / Math.max(1, capsule.weights[queue] ?? 1)]),
  )
  return queues.sort((a, b) => arrivals.get(a)! - arrivals.get(b)!)
}

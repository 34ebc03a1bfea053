import { UsageError } from '../kernel/errors.ts'
import type { Runtime } from '../kernel/runtime.ts'
import type { CapsuleInfo, WorkerInfo } from '../store/worker-record.ts'
import { newIdentity } from './identity.ts'
import type { WorkerOptions } from './worker-options.ts'

/** A worker knows all about its own capsules. */
export interface OwnInfo extends WorkerInfo {
  readonly capsules: readonly CapsuleInfo[]
}

/**
 * How this worker introduces itself to the store.
 * @throws UsageError `options.invalid` when two capsules share a queue
 */
export function workerInfo(runtime: Runtime, options: WorkerOptions): OwnInfo {
  checkQueues(options.capsules)
  const { hostname, pid, bootId, processStart } = options.host
  return {
    identity: newIdentity(options.host, runtime.random),
    hostname,
    pid,
    bootId,
    processStart,
    startedAt: runtime.clock.now(),
    tag: options.tag ?? '',
    labels: options.labels ?? [],
    capsules: options.capsules,
    version: options.version,
    ...(options.service ? { service: options.service } : {}),
  }
}

/** What is in flight names its worker and its queue: of a queue in two capsules nobody could tell whose claim it is. */
function checkQueues(capsules: readonly CapsuleInfo[]): void {
  const owners = new Map<string, string>()
  for (const { name, weights } of capsules) {
    for (const queue of Object.keys(weights)) {
      const owner = owners.get(queue)
      if (owner !== undefined)
        throw new UsageError('options.invalid', `queue "${queue}" is in two capsules, ${owner} and ${name}`)
      owners.set(queue, name)
    }
  }
}

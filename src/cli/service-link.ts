import type { Runtime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import { linePrefix } from '../systemd/journal.ts'
import type { Notify } from '../systemd/notify.ts'
import { watchdogPeriodMs } from '../systemd/service-status.ts'
import { StoreWatch } from '../worker/watchdog/store-watch.ts'
import { BLOCKED_MS, type LineForm, type WatchLoopOptions } from '../worker/watchdog/watch-loop.ts'
import { DRAIN_MS, type Worker } from '../worker/worker.ts'
import type { WorkerEvents } from '../worker/worker-events.ts'
import type { WorkerOptions } from '../worker/worker-options.ts'
import { logsToJournal } from './stderr-sink.ts'
import { UnderSystemd } from './under-systemd.ts'

const STDERR = 2

/** Between two pings the stack of a loop that blocks must be found and written: four tries of the watcher. */
const BLOCKED_PER_PING = 1 / 4

/** What a worker needs of the systemd that started it, if one did. */
export interface ServiceLink {
  /** For the worker in place of the one that was given. */
  readonly store: Store
  readonly events: WorkerEvents
  readonly loopWatch: WatchLoopOptions
}

export interface ServiceLinkParams {
  /** null where no systemd listens. */
  readonly notify: Notify | null
  readonly store: Store
  readonly options: Pick<WorkerOptions, 'capsules' | 'drainMs'>
  /** Asked only after the first event. */
  readonly worker: () => Worker
}

/** As the log's own lines are there, which the watcher writes beside. */
function lineForm(): LineForm {
  if (process.stderr.isTTY === true) return { prefix: '' }
  return logsToJournal() ? { prefix: linePrefix('error') } : 'json'
}

export function serviceLink(
  runtime: Runtime,
  { notify, store, options, worker }: ServiceLinkParams,
): ServiceLink {
  const pingMs = notify === null ? null : watchdogPeriodMs(process.env, process.pid)
  const loopWatch = {
    fileDescriptor: STDERR,
    form: lineForm(),
    blockedMs: Math.min(BLOCKED_MS, pingMs === null ? BLOCKED_MS : pingMs * BLOCKED_PER_PING),
  }
  if (notify === null) return { store, events: {}, loopWatch }
  const concurrency = options.capsules.reduce((sum, capsule) => sum + capsule.concurrency, 0)
  const busy = () => worker().running().length
  const watch = new StoreWatch(runtime.clock, store)
  const service = new UnderSystemd(runtime, {
    ...{ notify, pingMs, concurrency, busy },
    monotonicUs: () => process.hrtime.bigint() / 1_000n,
    drainMs: options.drainMs ?? DRAIN_MS,
    countWaiting: async () => (await store.stats(runtime.clock.now(), 1)).enqueued,
    hang: () => watch.hang(busy() < concurrency),
  })
  return { store: watch.store, events: { state: service.enter }, loopWatch }
}

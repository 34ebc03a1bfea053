import { url as debuggerUrl } from 'node:inspector'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { EpochMs } from '../../kernel/clock.ts'
import type { Runtime } from '../../kernel/runtime.ts'

/** Leases, watchdogs and other jobs' timers all survive a second; what takes longer belongs in a thread. */
export const BLOCKED_MS = 1_000

export interface WatchLoopOptions {
  /** Default `BLOCKED_MS`. */
  readonly blockedMs?: number
  /** Where the watcher writes one line while the loop is still blocked: 2 for stderr. null: nowhere. */
  readonly fileDescriptor: number | null
  /** What that line begins with, or `'json'` for an entry as those of the log. Default nothing. */
  readonly form?: LineForm
}

/** A text of its own, behind a prefix; or JSON. */
export type LineForm = { readonly prefix: string } | 'json'

/** The event loop did not turn for at least `blockedMs`. */
export interface Blockage {
  readonly blockedMs: number
  /** Innermost call first; empty when it could not be seen. */
  readonly stack: readonly string[]
}

export interface LoopWatch {
  stop(): Promise<void>
}

/** What the watcher thread is given. */
export interface WatcherOrders {
  readonly shared: Int32Array<SharedArrayBuffer>
  readonly blockedMs: number
  readonly fileDescriptor: number | null
  readonly form: LineForm
}

/** Slots of the shared memory: how often the main thread answered, and whether the watcher is to end. */
export const TURNS = 0
export const STOPPED = 1

/**
 * Watches from a thread of its own whether this thread's event loop turns; for the main thread. A blockage is
 * reported twice, with the place in the code: by the watcher while it lasts, and to the logger when it is over.
 * Does not keep the process alive. Where a debugger listens nothing is watched: a breakpoint is no blockage.
 */
export function watchLoop(runtime: Runtime, options: WatchLoopOptions): LoopWatch {
  if (debuggerUrl() !== undefined) return { stop: () => Promise.resolve() }
  const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  const { blockedMs = BLOCKED_MS, fileDescriptor, form = { prefix: '' } } = options
  const orders: WatcherOrders = { shared, blockedMs, fileDescriptor, form }
  const module = new URL(`./watcher${extname(import.meta.url)}`, import.meta.url)
  const watcher = new Worker(module, { workerData: orders, name: 'loop-watcher' })
  const ended = new Promise((resolve) => watcher.once('exit', resolve))
  const answer = () => {
    Atomics.add(shared, TURNS, 1)
    Atomics.notify(shared, TURNS)
  }
  watcher.on('message', (blockage: Blockage | null) => {
    if (blockage === null) answer()
    else runtime.logger.warn('the event loop was blocked', { ...blockage })
  })
  watcher.on('error', (error) => runtime.logger.error('the event loop is not watched any more', { error }))
  watcher.unref()
  return {
    async stop() {
      Atomics.store(shared, STOPPED, 1)
      Atomics.notify(shared, STOPPED)
      answer()
      watcher.ref()
      await ended
    },
  }
}

/** One line about a blockage that still lasts. */
export function blockageLine(
  { blockedMs, stack }: Blockage,
  { form, now }: { form: LineForm; now: EpochMs },
): string {
  if (form === 'json') {
    const entry = { level: 'error', time: new Date(now).toISOString() }
    return JSON.stringify({ ...entry, blockedMs, stack, msg: 'the event loop is blocked' })
  }
  const place = stack.length === 0 ? 'in a system call or native code' : `in ${stack.join(' < ')}`
  return `${form.prefix}the event loop has been blocked for ${blockedMs} ms ${place}`
}

import { extname } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { InternalError } from '../../kernel/errors.ts'
import type { CellChannel, FromCell, ToCell } from './protocol.ts'

/** What a cell needs of the `process` object, which its entry hands in. */
export type CellProcess = Pick<NodeJS.Process, 'ppid' | 'connected' | 'send' | 'on' | 'exit'>

/** A stop that is sent to the whole process group or unit is the worker's to carry out: it tells the cell. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTSTP'] as const

/**
 * The line to the worker that started this process or thread as a cell. A process ends when the line is cut,
 * because then the worker is gone; it does not end at the signals by which a worker is stopped.
 *
 * @throws InternalError `internal.not_a_cell` when this was not started by a worker
 */
export function cellChannel(host: CellProcess): CellChannel {
  if (!isMainThread && parentPort !== null) {
    const port = parentPort
    return {
      send: (message) => port.postMessage(message),
      receive: (hear) => port.on('message', hear),
    }
  }
  if (host.send === undefined)
    throw new InternalError('internal.not_a_cell', 'this module runs only as a cell of a worker')
  const end = () => host.exit(0)
  host.on('disconnect', end)
  if (!host.connected) end()
  for (const signal of STOP_SIGNALS) host.on(signal, () => {})
  watchParent(host.ppid)
  // A line that breaks under a message is told by 'disconnect'; without a callback it would be an error as well.
  const send = (message: FromCell) =>
    void (host.connected && host.send?.(message, undefined, undefined, () => {}))
  host.on('uncaughtExceptionMonitor', (error) => send({ kind: 'dying', error: String(error) }))
  return {
    send,
    receive: (hear) => void host.on('message', (message) => hear(message as ToCell)),
  }
}

/** A job that never lets go of the main thread also keeps it from seeing the line cut: a thread looks out for it. */
function watchParent(parentPid: number): void {
  const module = new URL(`./lifeline${extname(import.meta.url)}`, import.meta.url)
  new Worker(module, { workerData: { parentPid }, execArgv: [], env: {} }).unref()
}

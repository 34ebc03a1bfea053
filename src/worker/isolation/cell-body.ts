import { type ChildProcess, fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import type { FromCell, ToCell } from './protocol.ts'

/** What a cell runs: given by whoever composes the worker. */
export interface CellProgram {
  /** A module that loads the jobs and calls `serve`: an absolute path or a file URL. */
  readonly entry: string | URL
  readonly argv?: readonly string[]
  /** Default: this process's own. */
  readonly execArgv?: readonly string[]
  /** For threads only. */
  readonly workerData?: unknown
  /** The most a thread may have on its heap; past it, the thread ends. Default: as much as this process may. */
  readonly threadHeapMib?: number
}

/** What a cell's owner hears of it. After `died` it hears nothing. */
export interface CellListener {
  said(message: FromCell): void
  /** @param cause in words: "exit code 3", "killed by SIGKILL" */
  died(cause: string, signal: string | null): void
}

/** The process or thread of a cell. */
export interface CellBody {
  send(message: ToCell): void
  /** Asks it to end by itself, where that is possible. */
  dismiss(): void
  /** Ends it by force. */
  kill(): void
  /** Whether it keeps this process alive. */
  hold(isHeld: boolean): void
}

export type StartCell = (program: CellProgram, listener: CellListener) => CellBody

/** A cell that is a process of its own. Its output goes where ours goes. */
export const startProcess: StartCell = ({ entry, argv = [], execArgv }, listener) => {
  const child = fork(entry, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...given({ execArgv }) })
  let isOver = false
  const die = (cause: string, signal: string | null) => {
    if (isOver) return
    isOver = true
    listener.died(cause, signal)
  }
  // A result may still be in the line of a process that is gone: only the end of both is the end.
  const ended = () => {
    if (child.connected || !hasExited(child)) return
    die(causeOf(child.exitCode, child.signalCode), child.signalCode)
  }
  child.on('message', (message) => listener.said(message as FromCell))
  child.on('exit', ended)
  child.on('disconnect', ended)
  child.on('error', (error) => {
    if (child.pid === undefined) die(error.message, null)
  })
  return {
    // A line that is cut is answered by 'exit', not here.
    send: (message) => void (child.connected && child.send(message, () => {})),
    dismiss: () => void (child.connected && child.disconnect()),
    kill: () => void child.kill('SIGKILL'),
    hold(isHeld) {
      if (isHeld) child.ref()
      else child.unref()
    },
  }
}

function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function causeOf(code: number | null, signal: string | null): string {
  if (signal === null) return `exit code ${code}`
  return signal === 'SIGABRT'
    ? 'killed by SIGABRT (aborted, as when its heap is full)'
    : `killed by ${signal}`
}

/** A cell that is a thread of this process. */
export const startThread: StartCell = (program, listener) => {
  const { entry, argv = [], execArgv, workerData, threadHeapMib } = program
  const thread = new Worker(entry, {
    argv: [...argv],
    ...given({ execArgv }),
    workerData,
    ...(threadHeapMib === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: threadHeapMib } }),
  })
  let uncaught: string | null = null
  thread.on('message', (message: FromCell) => listener.said(message))
  thread.on('error', (error: unknown) => {
    uncaught = String(error)
  })
  thread.on('exit', (code) => listener.died(uncaught ?? `exit code ${code}`, null))
  const kill = () => void thread.terminate()
  return {
    send: (message) => thread.postMessage(message),
    dismiss: kill,
    kill,
    hold(isHeld) {
      if (isHeld) thread.ref()
      else thread.unref()
    },
  }
}

function given({ execArgv }: { execArgv: readonly string[] | undefined }): { execArgv?: string[] } {
  return execArgv === undefined ? {} : { execArgv: [...execArgv] }
}

import type { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** Two ends of a shell that runs somewhere: what a transport opens, and what the protocol is spoken over. */
export interface Line {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it is gone and all that it wrote has been read, with how it ended. Never rejects. */
  readonly ended: Promise<string>
  kill(): void
}

/** How lines to one host are opened, and what to do next when one could not be. */
export interface Dialer {
  /** @param command is run by the login shell of the host. */
  open(command: string): Line
  /** Reads what the way to the host said, such as the stderr of ssh. */
  explain(words: string): { readonly advice: string; readonly retryable: boolean }
}

/** A process that was started with three pipes. */
interface PipedProcess extends EventEmitter {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  kill(signal: 'SIGKILL'): boolean
}

export function lineOf(child: PipedProcess, name: string): Line {
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: Error) => resolve(`${name} could not be started: ${error.message}`))
    child.once('close', (code: number | null, signal: string | null) =>
      resolve(`${name} ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}`),
    )
  })
  // A write to a process that is gone: `ended` tells it.
  child.stdin.on('error', () => {})
  const { stdin, stdout, stderr } = child
  return { stdin, stdout, stderr, ended, kill: () => child.kill('SIGKILL') }
}

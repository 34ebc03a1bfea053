import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { HostAddress } from '../transport.ts'
import { word } from '../word.ts'

export interface TerminalOptions {
  /** Put first, so that they win over the configuration of ssh. */
  readonly options?: readonly string[]
  /** Where the shell begins, on the host. */
  readonly directory: string
}

/**
 * Gives the user a login shell on a host, in this process's own terminal, and waits for its end.
 * @returns its exit code; 255 as well when ssh itself failed, which it has said on the terminal
 */
export async function sshTerminal(
  { host, user, port }: HostAddress,
  { options = [], directory }: TerminalOptions,
): Promise<number> {
  const words = [
    ...[...options, '-t', '-o', 'RemoteCommand=none'],
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host, shellIn(directory)],
  ]
  const child = spawn('ssh', words, { stdio: 'inherit' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + constants.signals[signal!]
}

/** ssh takes one line for the login shell, not words: it means the same to each of them, whatever the directory is called. */
export function shellIn(directory: string): string {
  const program = `directory=$(printf %b "${word(directory)}"); cd -- "\${directory%.}"; exec "\${SHELL:-/bin/sh}" -l`
  return `exec /bin/sh -c '${program}'`
}

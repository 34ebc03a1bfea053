import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { HostAddress } from '../transport.ts'

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
    ...['--', host, `cd -- ${quoted(directory)}; exec "\${SHELL:-/bin/sh}" -l`],
  ]
  const child = spawn('ssh', words, { stdio: 'inherit' })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? 128 + constants.signals[signal!]
}

/** ssh takes one line for a shell, not words. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

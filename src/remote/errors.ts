import { constants } from 'node:os'
import { CapstanError, type ErrorDetails } from '../kernel/errors.ts'
import type { Script } from './script.ts'

export type RemoteErrorCode =
  | 'remote.unreachable'
  | 'remote.unfit'
  | 'remote.lost'
  | 'remote.closed'
  | 'remote.exit'
  | 'remote.signal'
  | 'remote.cancelled'
  | 'remote.timeout'
  | 'remote.output'
  | 'remote.script'

export interface RemoteErrorDetails extends ErrorDetails {
  readonly host: string
  readonly exitCode?: number | null
}

/** A host could not be reached, or did not do what it was asked to. The message names both, never values of `env`. */
export class RemoteError extends CapstanError {
  readonly host: string
  /** What the script ended with, where it did end. */
  readonly exitCode: number | null

  constructor(
    code: RemoteErrorCode,
    message: string,
    { host, exitCode = null, ...details }: RemoteErrorDetails,
  ) {
    super(code, `${host}: ${message}`, details)
    this.host = host
    this.exitCode = exitCode
  }
}

/** How many lines of stderr an error shows. */
const LAST_LINES = 20

/** The end of what was printed (ssh ends its lines with CRLF), on lines of its own below a message. */
export function lastLines(text: string): string {
  const lines = text.trimEnd().split(/\r?\n/).slice(-LAST_LINES)
  return lines
    .map((line) => `\n  ${line}`)
    .join('')
    .trimEnd()
}

/** The signal that an exit code stands for, as shells write it, such as `SIGTERM` for 143. */
export function signalOf(exitCode: number): string | null {
  const names = Object.entries(constants.signals)
  return names.find(([, number]) => number === exitCode - 128)?.[0] ?? null
}

/** Shorter ones are no secrets, and would black out half of the words. */
const SECRET_LENGTH = 5

/** Text without the values of `env`, and without single lines of them: scripts that fail like to print their environment. */
export function withoutValues(text: string, env: Script['env'] = {}): string {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) => [value, ...value.split('\n')].map((part) => ({ name, part })))
    .filter(({ part }) => part.length >= SECRET_LENGTH)
    // One may be a part of another.
    .sort((a, b) => b.part.length - a.part.length)
  return secrets.reduce((rest, { name, part }) => rest.replaceAll(part, `[${name}]`), text)
}

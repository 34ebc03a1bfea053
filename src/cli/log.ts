import { pino } from 'pino'
import type { LogFields, Logger } from '../kernel/logger.ts'

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Readable lines for a person; otherwise one JSON object a line for a machine. */
  readonly readable: boolean
  readonly colour: boolean
  /** Takes finished lines. */
  readonly write: (line: string) => void
}

/** A logger for a whole process. */
export function processLogger(options: LogOptions): Logger {
  const write = options.readable
    ? (line: string) => options.write(readable(line, options.colour))
    : options.write
  return adapted(
    pino(
      {
        level: options.level,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      { write },
    ),
  )
}

function adapted(log: pino.Logger): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) =>
      log[level](fields, message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => adapted(log.child(fields)),
  }
}

const COLOURS: Readonly<Record<string, number>> = { debug: 90, warn: 33, error: 31 }
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

/** `12:00:01.234 warn  job failed  jid=… class=…` out of a line of JSON. */
function readable(line: string, colour: boolean): string {
  const entry = JSON.parse(line) as Record<string, unknown>
  const level = String(entry.level)
  const fields = Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? printable(value) : JSON.stringify(value)}`)
  const text = [
    `${String(entry.time).slice(11, 23)} ${level.padEnd(5)} ${String(entry.msg)}`,
    ...fields,
  ].join('  ')
  const code = COLOURS[level]
  return colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m\n` : `${text}\n`
}

/** Messages come from jobs and from payloads: what could move a terminal's cursor is shown as its code. */
function printable(text: string): string {
  const quoted = JSON.stringify(text)
  return /[\s"\\]/.test(text) ? quoted : text
}

import { pino } from 'pino'
import { messageOf } from '../kernel/errors.ts'
import type { LogFields, Logger } from '../kernel/logger.ts'
import { type JournalEntry, type Level, linePrefix } from '../systemd/journal.ts'

/** One line of the log. */
export interface LogEntry {
  readonly level: Level
  /** ISO 8601. */
  readonly time: string
  readonly message: string
  readonly fields: LogFields
}

/** Takes finished lines, with their line break. */
type Write = (text: string) => void

/** Where entries go, in what form. It is given each as one line of JSON. */
export type LogSink = (json: string) => void

/** A logger for a whole process. */
export function processLogger(level: Level, sink: LogSink): Logger {
  return adapted(
    pino(
      {
        level,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (name) => ({ level: name }) },
        // An error has no fields of its own, and would be shown as `{}`.
        serializers: { error: (error: unknown) => (error instanceof Error ? messageOf(error) : error) },
      },
      { write: sink },
    ),
  )
}

function adapted(log: pino.Logger): Logger {
  const at =
    (level: Level) =>
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

/** For a person: `12:00:01.234 warn  job failed  jid=… class=…`. */
export function terminalSink(write: Write, colour: boolean): LogSink {
  return (json) => {
    const entry = entryOf(json)
    const text = `${entry.time.slice(11, 23)} ${entry.level.padEnd(5)} ${sentence(entry)}`
    const code = COLOURS[entry.level]
    write(colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m\n` : `${text}\n`)
  }
}

/** For the journal, with its fields: `journalctl JID=…`. */
export function journalSink(send: (entry: JournalEntry) => void, identifier: string): LogSink {
  return (json) => {
    const entry = entryOf(json)
    send({ level: entry.level, message: sentence(entry), identifier, fields: entry.fields })
  }
}

/** For the journal, which has the time already, as lines of text with their priority. */
export function prefixedSink(write: Write): LogSink {
  return (json) => {
    const entry = entryOf(json)
    write(`${linePrefix(entry.level)}${sentence(entry)}\n`)
  }
}

function entryOf(json: string): LogEntry {
  const { level, time, pid, hostname, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  return { level: level as Level, time: String(time), message: String(msg), fields }
}

/** `job failed  jid=… class=…` */
function sentence({ message, fields }: LogEntry): string {
  const facts = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? printable(value) : JSON.stringify(value)}`,
  )
  return [message, ...facts].join('  ')
}

/** Messages come from jobs and from payloads: what could move a terminal's cursor is shown as its code. */
function printable(text: string): string {
  const quoted = JSON.stringify(text)
  return /[\s"\\]/.test(text) ? quoted : text
}

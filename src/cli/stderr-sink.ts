import { isJournal, journalFields } from '../systemd/journal.ts'
import { libsystemd } from '../systemd/libsystemd.ts'
import { ownService } from '../systemd/own-service.ts'
import { journalSink, type LogSink, prefixedSink, terminalSink } from './log.ts'

const STDERR = 2

/** Whether systemd takes standard error into its journal. */
export function logsToJournal(): boolean {
  return isJournal(process.env, STDERR)
}

/**
 * Readable lines on a terminal, entries with fields in systemd's journal, JSON elsewhere. Standard error carries the
 * log, so that standard output is the command's answer alone.
 *
 * @param isBrief the process says next to nothing: its lines are not worth the loading of libsystemd
 */
export function stderrSink(isBrief: boolean): LogSink {
  const write = (text: string) => process.stderr.write(text)
  if (process.stderr.isTTY === true) return terminalSink(write, !process.env.NO_COLOR)
  if (!logsToJournal()) return write
  const library = isBrief ? null : libsystemd()
  return library === null
    ? prefixedSink(write)
    : journalSink((entry) => library.journal(journalFields(entry)), identifier())
}

/** The unit without its instance, as Capstan's own units set it for what else is written: `app-mail`. */
function identifier(): string {
  const unit = ownService(process.env)?.unit ?? 'capstan'
  return unit.replace(/(@.*)?\.service$/, '')
}

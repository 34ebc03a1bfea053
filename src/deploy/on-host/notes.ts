import type { Script } from '../../remote/script.ts'
import type { Layout } from '../layout.ts'

// One line of JSON at the end of a file, or a small file as a whole. What is half written is never seen: renames, and
// one `write` for a line.

/** Notes which deploy is at work and how far it is. */
export function noteDeploy(layout: Layout, note: object): Script {
  return writeFile('note the phase', layout.deployNote, JSON.stringify(note))
}

export function forgetDeploy(layout: Layout): Script {
  return { name: 'note the end', body: 'rm -f -- "$1"', args: [layout.deployNote] }
}

export function closeStage(layout: Layout, note: object): Script {
  return writeFile('close the stage', layout.closedNote, JSON.stringify(note))
}

/** A closed stage in words; a note in a form of its own is shown as it is. */
export function closedText(note: string): string {
  const { by, since, message } = readNote(note)
  if (typeof by !== 'string' || typeof since !== 'string') return `closed: ${note}`
  return `closed by ${by} since ${minuteOf(since)}: ${message}`
}

/** A run that did not end, or not yet, in words: who began what, when, and how far it is. */
export function unfinishedText(note: string): string {
  const { kind, release, stage, phase, by, since } = readNote(note)
  if (typeof since !== 'string' || [kind, release, stage, phase, by].includes(undefined)) return note
  const what =
    kind === 'rollback'
      ? `rollback to release ${release} of ${stage}`
      : `deploy of release ${release} to ${stage}`
  return `${what} by ${by}, begun ${minuteOf(since)}, in the phase ${phase}`
}

/** Of an ISO time, for people. */
function minuteOf(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`
}

/** What a note says; nothing when it is broken. */
export function readNote(note: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(note) }
  } catch {
    return {}
  }
}

export function openStage(layout: Layout): Script {
  return { name: 'open the stage', body: 'rm -f -- "$1"', args: [layout.closedNote] }
}

export function appendAudit(layout: Layout, entry: object): Script {
  return appendLine('write the audit line', layout.audit, JSON.stringify(entry))
}

/** Capistrano's own log of releases, in its words: it is what its users and tools read. */
export function appendRevision(layout: Layout, line: string): Script {
  return appendLine('write revisions.log', layout.revisionLog, line)
}

export function readAudit(layout: Layout, lines: number): Script {
  return {
    name: 'read the audit',
    body: 'if [ -f "$1" ]; then tail -n "$2" -- "$1"; fi',
    args: [layout.audit, String(lines)],
    reads: true,
  }
}

function writeFile(name: string, file: string, text: string): Script {
  return { name, body: 'printf "%s\\n" "$2" >"$1.new"; mv -T -- "$1.new" "$1"', args: [file, text] }
}

function appendLine(name: string, file: string, line: string): Script {
  return { name, body: 'printf "%s\\n" "$2" >>"$1"', args: [file, line] }
}

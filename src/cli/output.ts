import { createInterface } from 'node:readline/promises'
import { linePrefix } from '../systemd/journal.ts'
import { logsToJournal } from './stderr-sink.ts'

/** Exit codes that scripts may trust. Those from 3 on: docs/guides/operating.md and docs/guides/deploy.md. */
export const EXIT = {
  ...{ ok: 0, failure: 1, usage: 2, nothingMatched: 3 },
  ...{ notReady: 3, locked: 4, unchanged: 5, reverted: 6, inconsistent: 7, interrupted: 130 },
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Something that did not work, in the words of a person who wants to go on. */
export interface Problem {
  /** What happened. */
  readonly what: string
  /** By which scripts decide: docs/guides/errors.md. Only deploys leave it out, where a person reads their log. */
  readonly code?: string
  /** What was expected instead. */
  readonly expected?: string
  /** What to do next. */
  readonly next?: string
  /** Default `EXIT.failure`. */
  readonly exitCode?: ExitCode
}

/** Where a command's answer goes: to a person at a terminal, to a file, or as one JSON document to a script. */
export interface Output {
  /** The answer is one JSON document; set by `--json`. */
  json: boolean
  /** Standard output is a terminal. */
  readonly tty: boolean
  readonly colour: boolean
  /** Width in characters; Infinity where nothing needs to be cut. */
  readonly columns: number
  /** What the process is to end with: that of the last failure. */
  exitCode: ExitCode
  /** One line of the answer. Text from outside must have gone through `printable`. */
  write(line: string): void
  /** One line beside the answer, to standard error. */
  note(line: string): void
  /** What is being done, in the last line of a terminal until the next line takes its place; nowhere else is it shown. */
  live(text: string): void
  /** Says on standard error what went wrong, and sets the exit code. */
  fail(problem: Problem): void
  /** What a person answers; null when nobody sits there. */
  ask(question: string): Promise<string | null>
}

export interface OutputParams {
  readonly tty: boolean
  readonly colour: boolean
  readonly columns: number
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  /** What lines of errors begin with, where that has a meaning, as in systemd's journal. */
  readonly errorPrefix?: string
  /** Standard error is a terminal. Default false. */
  readonly showsLive?: boolean
  /** null when standard input is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null
}

const CLEAR_LINE = '\r\u001b[K'

export function newOutput(params: OutputParams): Output {
  const { tty, colour, columns } = params
  let isLive = false
  const note = (line: string) => {
    params.writeError(`${isLive ? CLEAR_LINE : ''}${line}\n`)
    isLive = false
  }
  const output: Output = {
    ...{ json: false, tty, colour, columns, exitCode: EXIT.ok, note },
    live: (text) => {
      if (!params.showsLive) return
      params.writeError(`${CLEAR_LINE}${paint(output, 'dim', printable(text).slice(0, columns - 1))}`)
      isLive = true
    },
    write: (line) => params.writeOut(`${line}\n`),
    fail: (problem) => {
      const exitCode = problem.exitCode ?? EXIT.failure
      output.exitCode = exitCode
      // A script that asked for JSON gets its errors as JSON, too.
      if (output.json) note(jsonText({ error: { ...problem, exitCode } }, 0))
      else for (const line of problemLines(problem)) note(`${params.errorPrefix ?? ''}${line}`)
    },
    ask: async (question) => (params.ask === null ? null : params.ask(question)),
  }
  return output
}

/** The output of this process. */
export function processOutput(): Output {
  const tty = process.stdout.isTTY === true
  // A reader that has seen enough (`capstan jobs | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return newOutput({
    tty,
    colour: tty && !process.env.NO_COLOR && process.env.TERM !== 'dumb',
    columns: tty ? (process.stdout.columns ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    writeOut: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    showsLive: process.stderr.isTTY === true,
    errorPrefix: logsToJournal() ? linePrefix('error') : '',
    ask: process.stdin.isTTY === true ? askAtTerminal : null,
  })
}

/** The question goes to standard error, so that the answer on standard output stays one document. */
async function askAtTerminal(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await reader.question(question)
  } finally {
    reader.close()
  }
}

/** Writes one JSON document, as the whole answer. */
export function writeJson(out: Output, document: unknown): void {
  out.write(jsonText(document, 2))
}

/** JSON with what a terminal would obey written as escapes: JSON itself escapes only what is below the space. */
function jsonText(document: unknown, indent: number): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(document, null, indent).replace(OBEYED_PAST_ASCII, escaped)
}

// DEL, the second set of control characters (0x9b begins a sequence like ESC [), what turns the direction of
// writing or has no width, and line ends that are not of ASCII.
const PAST_ASCII =
  '\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb'
const OBEYED_PAST_ASCII = new RegExp(`[${PAST_ASCII}]`, 'g')
const OBEYED = new RegExp(`[\\u0000-\\u001f${PAST_ASCII}]|\\p{Surrogate}`, 'gu')

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text from outside, safe to show: what would move the cursor, colour the screen, reverse the writing or hide is
 * written as an escape (`\x1b`, `\u202e`). One line comes out as one line.
 */
export function printable(text: string): string {
  return text.replace(OBEYED, (character) => {
    const code = character.charCodeAt(0)
    if (code > 0xff) return `\\u${code.toString(16).padStart(4, '0')}`
    return SHORT_ESCAPES[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
  })
}

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const
export type Colour = keyof typeof COLOURS

/** Colours a text where the output shows colours. */
export function paint(out: Output, colour: Colour, text: string): string {
  return out.colour ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text
}

/** A message of several hosts has several lines: only these line ends are kept. */
function printableLines(text: string): string[] {
  return text.split('\n').map(printable)
}

function problemLines({ what, code, expected, next, exitCode }: Problem): string[] {
  // Of a mistake in the command, or of nothing found, the words say enough.
  const isPlain = code === undefined || exitCode === EXIT.usage || exitCode === EXIT.nothingMatched
  const named = isPlain ? what : `${what} (${code})`
  return [
    ...printableLines(`error: ${named}`),
    ...(expected === undefined ? [] : printableLines(`  expected: ${expected}`)),
    ...(next === undefined ? [] : printableLines(`  next: ${next}`)),
  ]
}

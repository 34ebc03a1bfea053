import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileResult, LoggedEvent, TestResult } from './test-result.ts'

export interface FileRun {
  /** Regular expression on full test names. */
  readonly only?: string | undefined
  /** A file in which no test ran has failed, unless tests were left out on purpose. */
  readonly mayBeEmpty: boolean
  readonly env: NodeJS.ProcessEnv
  /** Ends the file at once; the reason is shown. */
  readonly signal: AbortSignal
}

/** A test without a time limit of its own fails after this: far above any wait with a deadline. */
const TEST_LIMIT_MS = 120_000

/** A file is ended after this: twice the longest that a file of system tests may take. */
export const FILE_LIMIT_MS = 600_000

/** How long the output pipes of an ended process are waited for; a stranger may hold them open. */
const PIPES_LIMIT_MS = 2_000

/** How much of the output of a test file is kept. */
const OUTPUT_LIMIT = 64 * 1024

const REPORTER = join(import.meta.dirname, 'event-log.ts')

/** Runs one test file in a process group of its own, nothing of which is left afterwards. Never rejects. */
export async function runTestFile(file: string, run: FileRun): Promise<FileResult> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-test-'))
  const log = join(folder, 'events')
  const startedAt = performance.now()
  const filter = run.only === undefined ? [] : [`--test-name-pattern=${run.only}`]
  // `import 'capstan'` means the sources, as it does for the examples.
  const options = [
    '--conditions=capstan-source',
    `--test-reporter=${REPORTER}`,
    `--test-timeout=${TEST_LIMIT_MS}`,
    ...filter,
  ]
  const child = spawn(process.execPath, [...options, file], {
    // Its own group, so that all it started can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...run.env, CAPSTAN_TEST_EVENTS: log },
  })
  const output = tailOf(child)
  const ending = await endOf(child, run.signal)
  const events = readEvents(log)
  rmSync(folder, { recursive: true, force: true })
  const tests = events.filter((event) => event.type === 'result')
  const problem = problemOf(events, ending, output()) ?? emptiness(tests, run.mayBeEmpty)
  return { file, durationMs: performance.now() - startedAt, tests, problem, output: output() }
}

interface Ending {
  /** Why we ended it, or null when it ended by itself. */
  readonly endedBecause: string | null
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

async function endOf(child: ChildProcess, signal: AbortSignal): Promise<Ending> {
  const limit = AbortSignal.timeout(FILE_LIMIT_MS)
  let endedBecause: string | null = null
  const stop = () => {
    endedBecause = signal.aborted
      ? String(signal.reason)
      : `it had not ended after ${FILE_LIMIT_MS / 60_000} minutes`
    endGroup(child)
  }
  const either = AbortSignal.any([signal, limit])
  either.addEventListener('abort', stop, { once: true })
  if (either.aborted) stop()
  const closed = new Promise((resolve) => child.once('close', resolve))
  const ended = await new Promise<Omit<Ending, 'endedBecause'>>((resolve) => {
    child.once('error', (error) => {
      endedBecause = `it could not be started: ${error.message}`
      resolve({ code: null, signal: null })
    })
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  either.removeEventListener('abort', stop)
  endGroup(child)
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, PIPES_LIMIT_MS).unref())])
  // A process that left the group may keep the pipes open, which would keep the whole run from ending.
  for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  return { endedBecause, ...ended }
}

/** Ends what is left of the process group that the test file leads. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function tailOf(child: ChildProcess): () => string {
  let tail = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-OUTPUT_LIMIT)
    })
  }
  return () => tail
}

function readEvents(log: string): LoggedEvent[] {
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'utf8').split('\n')
  // What follows the last line break was cut off when the process died.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent)
}

function problemOf(events: readonly LoggedEvent[], ending: Ending, output: string): string | null {
  if (ending.endedBecause !== null) return `was ended because ${ending.endedBecause}; ${lastStep(events)}`
  // Without a test there is nothing to be done with; and what ends at once leaves no word of its test either.
  if (events.length === 0 && ending.code === 0) return null
  const stray = events.find((event) => event.type === 'stray')
  if (stray) return stray.message
  const how = ending.signal ? `died of ${ending.signal}` : `exited with code ${ending.code}`
  if (!events.some(({ type }) => type === 'end'))
    return `${how} before its tests were done; ${lastStep(events)}`
  const hasFailure = events.some((event) => event.type === 'result' && event.outcome === 'failed')
  if (ending.code !== 0 && !hasFailure) return `${how}, though no test failed`
  if (output.includes('MaxListenersExceededWarning'))
    return 'leaks event listeners (MaxListenersExceededWarning)'
  return null
}

function lastStep(events: readonly LoggedEvent[]): string {
  const last = events.at(-1)
  if (last === undefined) return 'it had told of no test yet'
  if (last.type === 'start') return `the last test begun was "${last.name}"`
  return 'no test was running: something (a server, timer or socket) may have been left open'
}

function emptiness(tests: readonly TestResult[], mayBeEmpty: boolean): string | null {
  return tests.length > 0 || mayBeEmpty ? null : 'ran no test, or exited at once in the first'
}

import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { LoggedEvent, TestResult } from './test-result.ts'

/** The part of the test runner's events that is used here. */
interface RunnerEvent {
  readonly type: string
  readonly data: {
    readonly name: string
    readonly nesting: number
    readonly file?: string
    readonly line?: number
    readonly skip?: string | boolean
    readonly todo?: string | boolean
    readonly message?: string
    readonly details?: { readonly type?: string; readonly error?: Error & { readonly failureType?: string } }
  }
}

type Verdict = Pick<TestResult, 'outcome' | 'reason'>

/**
 * A reporter for `node --test-reporter`: writes what happens in a test file to the file named by CAPSTAN_TEST_EVENTS, one JSON
 * line per event, before the next event. So a test process that dies leaves behind how far it came.
 * The runner takes reporters by their default export.
 */
export default async function* logEvents(source: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  const path = process.env.CAPSTAN_TEST_EVENTS!
  const begun: string[] = []
  const reported: string[] = []
  for await (const event of source) {
    const logged = loggedEvent(event, begun, reported)
    if (logged) appendFileSync(path, `${JSON.stringify(logged)}\n`)
    yield ''
  }
}

/** `begun` and `reported` hold the names on the way to the test last begun and to the one reported at the moment. */
function loggedEvent({ type, data }: RunnerEvent, begun: string[], reported: string[]): LoggedEvent | null {
  if (type === 'test:summary') return data.file === undefined ? null : { type: 'end' }
  if (type === 'test:diagnostic' && data.message?.startsWith('Error: ')) {
    return { type: 'stray', message: data.message }
  }
  if (type === 'test:dequeue') return { type: 'start', name: enter(begun, data) }
  // Comes with the results, in the order of declaration, parents first, whatever runs side by side.
  if (type === 'test:start') enter(reported, data)
  if (type !== 'test:pass' && type !== 'test:fail') return null
  const name = [...reported.slice(0, data.nesting), data.name].join(' ')
  const where = data.file === undefined ? '' : `${relative(process.cwd(), data.file)}:${data.line}`
  const verdict = verdictOf(type === 'test:pass', data)
  return verdict && { type: 'result', name, where, ...verdict }
}

function enter(names: string[], { name, nesting }: RunnerEvent['data']): string {
  names.length = nesting
  names.push(name)
  return names.join(' ')
}

/** Null for what stands for the tests inside it: they tell. */
function verdictOf(passed: boolean, { skip, todo, details }: RunnerEvent['data']): Verdict | null {
  if (skip !== undefined || todo !== undefined) return { outcome: 'skipped' }
  if (passed) return details?.type === 'suite' ? null : { outcome: 'passed' }
  if (details?.error?.failureType === 'subtestsFailed') return null
  return { outcome: 'failed', reason: reasonOf(details?.error) }
}

function reasonOf(error: Error | undefined): string {
  const cause = error?.cause ?? error
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 6 })
}

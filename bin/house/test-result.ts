/** What the process of a test file writes down for the runner, one JSON line each. */
export type LoggedEvent =
  | { readonly type: 'start'; readonly name: string }
  | ({ readonly type: 'result' } & TestResult)
  /** An error outside of every test. */
  | { readonly type: 'stray'; readonly message: string }
  /** All tests of the file have run. */
  | { readonly type: 'end' }

export interface TestResult {
  /** With the names of the suites around it, separated by spaces, as `--test-name-pattern` sees it. */
  readonly name: string
  /** Where it is written: `path:line`. */
  readonly where: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Of a failure: the error, as text. */
  readonly reason?: string
}

export interface FileResult {
  readonly file: string
  readonly durationMs: number
  readonly tests: readonly TestResult[]
  /** Why the file as a whole failed, or null. */
  readonly problem: string | null
  /** The end of what it wrote to its standard output and error. */
  readonly output: string
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A file that failed as a whole counts as one failure besides those of its tests. */
export function countsOf(results: readonly FileResult[]): Counts {
  const tests = results.flatMap((result) => result.tests)
  const count = (outcome: string) => tests.filter((test) => test.outcome === outcome).length
  const problems = results.filter(({ problem }) => problem !== null).length
  return { passed: count('passed'), failed: count('failed') + problems, skipped: count('skipped') }
}

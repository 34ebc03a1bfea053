import { type Counts, countsOf, type FileResult, type TestResult } from './test-result.ts'

/** How many of the slowest files are named at the end. */
const SLOWEST = 5

/** `ok    src/job/cron.test.ts  12 tests, 0.3 s` */
export function progressLine(result: FileResult): string {
  const { passed, failed, skipped } = countsOf([result])
  const word = failed > 0 ? 'FAIL' : 'ok  '
  const parts = [`${passed} passed`]
  if (failed > 0) parts.push(`${failed} failed`)
  if (skipped > 0) parts.push(`${skipped} skipped`)
  return `${word}  ${result.file}  ${parts.join(', ')}, ${seconds(result)}`
}

/** Every failure in full, each with the command that runs it again. `options` are those of this run that it needs too. */
export function failureReport(results: readonly FileResult[], options: readonly string[]): string[] {
  return results.flatMap((result) => {
    const failures = result.tests.filter(({ outcome }) => outcome === 'failed')
    if (failures.length === 0 && result.problem === null) return []
    const blocks = failures.flatMap((test) => testFailure(result.file, test, options))
    if (result.problem !== null) {
      blocks.push(
        '',
        `✖ ${result.file}`,
        indent(result.problem),
        `  rerun: ${rerun(result.file, null, options)}`,
      )
    }
    const output = result.output.trim()
    return output === '' ? blocks : [...blocks, '', `  printed by ${result.file}:`, indent(output)]
  })
}

function testFailure(file: string, test: TestResult, options: readonly string[]): string[] {
  const reason = indent(test.reason ?? '')
  return ['', `✖ ${test.name}`, `  ${test.where}`, reason, `  rerun: ${rerun(file, test.name, options)}`]
}

/** The shell command that runs one test again, or with `name` null the whole file. */
export function rerun(file: string, name: string | null, options: readonly string[]): string {
  const only = name === null ? [] : ['--only', quote(`^${escapePattern(name)}$`)]
  return ['bin/test', quote(file), ...only, ...options.map(quote)].join(' ')
}

/** The slowest files, slowest first; nothing when there are so few that the progress lines show it. */
export function slowestFiles(results: readonly FileResult[]): string[] {
  if (results.length <= SLOWEST) return []
  const slowest = results.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST)
  return ['', 'slowest files:', ...slowest.map((result) => `  ${seconds(result)}  ${result.file}`)]
}

/** The last line of a run; scripts read it. */
export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function seconds({ durationMs }: FileResult): string {
  return `${(durationMs / 1_000).toFixed(1)} s`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

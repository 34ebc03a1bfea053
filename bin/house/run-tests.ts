import { accessSync, constants, globSync, statSync } from 'node:fs'
import { delimiter, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { countLine, failureReport, progressLine, slowestFiles } from './report.ts'
import { type FileRun, runTestFile } from './run-test-file.ts'
import { countsOf, type FileResult } from './test-result.ts'

/** Test processes side by side: the smallest machine that runs the tests has two cores. */
const PROCESSES = 2

/** The whole run: a run that has not ended by then hangs. */
const RUN_LIMIT_MS = 25 * 60_000

/** What --without can leave out. */
const PARTS = ['redis', 'ruby', 'hosts']

/** Files of which each test needs Redis; single ones elsewhere skip themselves. */
const REDIS_TESTS = ['test/contract/redis', 'test/system/redis-', 'test/sidekiq-versions/']
const HOST_TESTS = join('test', 'system', 'hosts')
const HOST_PROGRAMS = ['systemd-nspawn', 'debootstrap', 'ip', 'ssh']

interface Request {
  readonly files: readonly string[]
  readonly only: string | undefined
  readonly seed: string | undefined
  readonly without: readonly string[]
}

/** Something that the caller has to put right before tests can run. */
class Refusal extends Error {}

function requestFrom(args: readonly string[]): Request {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { only: text, seed: text, without: { ...text, multiple: true } },
  })
  const without = [...(values.without ?? []), ...(process.env.CAPSTAN_TEST_WITHOUT?.split(',') ?? [])].filter(
    Boolean,
  )
  const unknown = without.find((part) => !PARTS.includes(part))
  if (unknown !== undefined)
    throw new Refusal(`--without ${unknown}: only ${PARTS.join(', ')} can be left out`)
  if (values.seed !== undefined && !/^\d+$/.test(values.seed))
    throw new Refusal('--seed takes a whole number')
  if (values.only === '') throw new Refusal('--only takes a regular expression')
  return {
    files: filesFor(positionals).filter((file) => !(without.includes('redis') && needsRedis(file))),
    only: values.only,
    seed: values.seed,
    without: [...new Set(without)],
  }
}

/** Tests that cross folders come first: they take longest, and the short ones fill the gaps at the end. */
function filesFor(paths: readonly string[]): string[] {
  if (paths.length === 0) return [...testFilesIn('test'), ...testFilesIn('src')]
  const caller = process.env.CALLER_DIRECTORY ?? process.cwd()
  const wanted = paths.flatMap((given) => {
    const path = relative(process.cwd(), resolve(caller, given)) || '.'
    const files = statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : testFilesIn(path)
    if (files.length === 0) throw new Refusal(`${given}: no test file there`)
    return files
  })
  return [...new Set(wanted)]
}

function testFilesIn(folder: string): string[] {
  const files = globSync('**/*.test.ts', { cwd: folder, exclude: ['**/node_modules'] })
  return files.sort().map((file) => join(folder, file))
}

const needsRedis = (file: string): boolean => REDIS_TESTS.some((start) => file.startsWith(start))

function requireRedis({ without }: Request): void {
  if (without.includes('redis') || isOnPath('redis-server')) return
  throw new Refusal('redis-server is missing: run bin/setup, or leave its tests out with --without redis')
}

/** Only where its tests are asked for: nobody else needs it. */
function requireRuby({ files, without }: Request): void {
  const isAsked = files.some((file) => file.startsWith(join('test', 'ruby')))
  if (!isAsked || without.includes('ruby') || without.includes('redis') || isOnPath('sidekiq')) return
  throw new Refusal('sidekiq is missing: run bin/setup, or leave its tests out with --without ruby')
}

/** Only where its tests are asked for and can run: they need root. */
function requireHosts({ files, without }: Request): void {
  if (!files.some((file) => file.startsWith(HOST_TESTS)) || without.includes('hosts')) return
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.log('WITHOUT hosts: their tests are skipped, because they need root on Linux')
    return
  }
  const missing = HOST_PROGRAMS.filter((program) => !isOnPath(program))
  if (missing.length === 0) return
  throw new Refusal(
    `${missing.join(', ')} missing: run bin/setup, or leave its tests out with --without hosts`,
  )
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function environmentFor({ seed, without }: Request): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NODE_TEST_CONTEXT: __, CALLER_DIRECTORY: ___, ...inherited } = process.env
  return {
    ...inherited,
    NO_COLOR: '1',
    CAPSTAN_TEST_WITHOUT: without.join(','),
    ...(seed === undefined ? {} : { CAPSTAN_TEST_SEED: seed }),
  }
}

async function runAll(request: Request, run: FileRun): Promise<FileResult[]> {
  const waiting = [...request.files]
  const results: FileResult[] = []
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = run.signal.aborted ? notRun(file, run.signal) : await runTestFile(file, run)
      results.push(result)
      if (result.tests.length > 0 || result.problem !== null) console.log(progressLine(result))
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, work))
  return results
}

function notRun(file: string, signal: AbortSignal): FileResult {
  return { file, durationMs: 0, tests: [], problem: `was not run because ${signal.reason}`, output: '' }
}

/** Aborts at the time limit and when somebody ends the run; the reason completes "because …". */
function endOfRun(): AbortSignal {
  const controller = new AbortController()
  const limit = `the whole run had not ended after ${RUN_LIMIT_MS / 60_000} minutes`
  setTimeout(() => controller.abort(limit), RUN_LIMIT_MS).unref()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => controller.abort(`the run was ended by ${signal}`))
  }
  return controller.signal
}

function announce({ files, seed, without }: Request): void {
  if (without.length > 0) console.log(`WITHOUT ${without.join(', ')}: the tests that need it are left out`)
  const size = files.length === 1 ? '1 test file' : `${files.length} test files, ${PROCESSES} at a time`
  console.log(seed === undefined ? size : `${size}, seed ${seed}`)
}

function repeatedOptions({ seed, without }: Request): string[] {
  const parts = without.flatMap((part) => ['--without', part])
  return seed === undefined ? parts : ['--seed', seed, ...parts]
}

async function main(args: readonly string[]): Promise<number> {
  const request = requestFrom(args)
  requireRedis(request)
  requireRuby(request)
  requireHosts(request)
  const mayBeEmpty = request.only !== undefined || request.without.length > 0
  const run = { only: request.only, mayBeEmpty, env: environmentFor(request), signal: endOfRun() }
  announce(request)
  const results = await runAll(request, run)
  const counts = countsOf(results)
  const executed = counts.passed + counts.failed
  const lines = [...failureReport(results, repeatedOptions(request)), ...slowestFiles(results), '']
  if (executed === 0) lines.push('no test ran: that counts as a failure')
  console.log([...lines, countLine(counts)].join('\n'))
  return counts.failed === 0 && executed > 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const isMistake =
    error instanceof Refusal || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  if (!isMistake) throw error
  console.error(`bin/test: ${(error as Error).message}`)
  process.exitCode = 1
}

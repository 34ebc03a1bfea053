import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { circleProblems } from './import-circles.ts'
import { DOORS, type Door, LAYERS, layerTable } from './layers.ts'
import { type Reference, referencesIn } from './references.ts'
import { type Token, tokensOf } from './tokens.ts'

/** A unit test may take a clock that it moves and a store that works from here, whatever its folder may import. */
const FOR_TESTS: readonly string[] = ['testing', 'store/memory']

/** Every breach of LAYERS and DOORS in `root`/src by file, then its circles of imports, one line each. */
export function layerProblems(root: string): string[] {
  const files = globSync('**/*.ts', { cwd: join(root, 'src') }).sort()
  const breaches = files.flatMap((file) => problemsOf(file, readFileSync(join(root, 'src', file), 'utf8')))
  return [...breaches, ...circleProblems(root)]
}

/** The breaches in one file; `file` is its path below src/. */
export function problemsOf(file: string, source: string): string[] {
  const tokens = tokensOf(source)
  const references = referencesIn(tokens)
  const isTest = file.endsWith('.test.ts')
  const problems = importProblems(file, references)
  const doors = isTest ? [] : [...moduleProblems(file, references), ...useProblems(file, tokens)]
  return [...problems, ...doors].map((problem) => `${file}: ${problem}`)
}

function importProblems(file: string, references: readonly Reference[]): string[] {
  const from = layerOf(file)
  if (from === null) return ['its folder has no row in LAYERS (bin/house/layers.ts)']
  return references.flatMap(({ specifier, dynamic }) => {
    if (specifier === 'capstan' || specifier.startsWith('capstan/'))
      return [`imports itself by name (${specifier})`]
    if (!specifier.startsWith('.')) return []
    return pathProblems(file, from, { specifier, dynamic })
  })
}

function pathProblems(file: string, from: string, { specifier, dynamic }: Omit<Reference, 'line'>): string[] {
  const target = join(dirname(file), specifier)
  const isTest = file.endsWith('.test.ts')
  if (target.startsWith('..')) return isTest ? [] : [`may not import from outside src (${specifier})`]
  const to = layerOf(target)
  const isFree = to === null || to === from || (isTest && FOR_TESTS.includes(to))
  if (isFree || mayImport(from, to, dynamic)) return []
  const how = mayImport(from, to, true) ? ' other than by import()' : ''
  return [`${from} may not import ${to}${how} (${specifier})`]
}

/** The row of LAYERS that speaks for a file, or null. */
function layerOf(file: string): string | null {
  const path = file.replace(/\.test\.ts$/, '.ts')
  if (path in LAYERS) return path
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (!(folder in LAYERS)) continue
    const isSplit = Object.keys(LAYERS).some((other) => other.startsWith(`${folder}/`))
    return isSplit && folder !== dirname(path) ? null : folder
  }
  return null
}

function mayImport(from: string, to: string, dynamic: boolean): boolean {
  const layer = LAYERS[from]!
  if (layer.may === 'anything' || layer.may.includes(to)) return true
  return dynamic && (layer.dynamically?.includes(to) ?? false)
}

function moduleProblems(file: string, references: readonly Reference[]): string[] {
  return references.flatMap(({ specifier, line }) => {
    const name = isBuiltin(specifier) && !specifier.startsWith('node:') ? `node:${specifier}` : specifier
    const door = DOORS.find(({ modules }) =>
      modules.some((module) => name === module || name.startsWith(`${module}/`)),
    )
    return door && !opensFor(door, file) ? [breach(door, specifier, line)] : []
  })
}

function useProblems(file: string, tokens: readonly Token[]): string[] {
  return tokens.flatMap(({ line }, at) => {
    for (const { door, use, pattern } of USES) {
      if (!isUsedAt(tokens, at, pattern)) continue
      return opensFor(door, file) ? [] : [breach(door, use, line)]
    }
    return []
  })
}

const USES = DOORS.flatMap((door) => door.uses.map((use) => ({ door, use, pattern: tokensOf(use) })))

function isUsedAt(tokens: readonly Token[], at: number, pattern: readonly Token[]): boolean {
  const matches = pattern.every(
    ({ text, kind }, i) => tokens[at + i]?.text === text && tokens[at + i]?.kind === kind,
  )
  if (!matches) return false
  // A key of an object (`console: …`) and a member of something else (`socket.setTimeout`) have the name only.
  const isKey = pattern.length === 1 && tokens[at + 1]?.text === ':' && tokens[at - 1]?.text !== '?'
  const isMember =
    tokens[at - 1]?.text === '.' && pattern[0]!.text !== '.' && tokens[at - 2]?.text !== 'globalThis'
  return !isKey && !isMember
}

function opensFor({ only }: Door, file: string): boolean {
  return only.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place))
}

function breach({ only }: Door, use: string, line: number): string {
  return `only ${only.join(' and ')} may use ${use.replace(/^\./, '')} (line ${line})`
}

function main(options: readonly string[]): number {
  if (options.length > 0 && options.join(' ') !== '--table') {
    console.error(`bin/check-layers: unknown arguments: ${options.join(' ')} (see bin/check-layers --help)`)
    return 1
  }
  if (options.length > 0) {
    console.log(layerTable().join('\n'))
    return 0
  }
  const problems = layerProblems(process.cwd())
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) console.error(`bin/check-layers: ${problems.length} found`)
  else
    console.log('check-layers: every import and every door is where it belongs, and no import makes a circle')
  return problems.length > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))

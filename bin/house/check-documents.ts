import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { layerTable } from './layers.ts'
import { entriesOf, type Manifest, readManifest } from './manifest.ts'
import { linksIn, pathsIn } from './markdown.ts'

/** Where people look; everything else in docs/ is found through its links. */
const FRONT_PAGES = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']

/** A decision record answers these, as headings. */
const DECISION_HEADINGS = ['Context', 'Decision', 'Consequences']

/** Lines a file may have; first match counts. */
const SIZES: ReadonlyArray<{ readonly files: string; readonly lines: number }> = [
  { files: 'README.md', lines: 150 },
  { files: '{src,bench,examples,test,bin}/**/*.test.ts', lines: 500 },
  { files: 'test/**/*.ts', lines: 500 },
  { files: '{src,bin}/**/*.ts', lines: 250 },
  { files: 'bin/*', lines: 60 },
]

/** Everything in which the documents of the checkout at `root` do not agree with it, one line each. */
export function documentProblems(root: string): string[] {
  const manifest = readManifest(root)
  return [
    ...documentsOf(root).flatMap((document) => pathProblems(root, document)),
    ...tableProblems(root),
    ...decisionProblems(root),
    ...exportProblems(root, manifest),
    ...dependencyProblems(root, manifest),
    ...sizeProblems(root),
  ]
}

function documentsOf(root: string): string[] {
  const front = FRONT_PAGES.filter((page) => existsSync(join(root, page)))
  return [...front, ...globSync('docs/**/*.md', { cwd: root }).sort()]
}

function pathProblems(root: string, document: string): string[] {
  const text = read(root, document)
  const links = linksIn(text)
    .filter((link) => !existsSync(join(root, dirname(document), link)))
    .map((link) => `the link to ${link} leads nowhere`)
  const paths = pathsIn(text)
    // The documents name source files by their path below src/ as well.
    .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path)))
    .map((path) => `\`${path}\` does not exist`)
  return [...links, ...paths].map((problem) => `${document}: ${problem}`)
}

/** An import table, where there is one, is the real one. */
function tableProblems(root: string): string[] {
  if (!existsSync(join(root, 'ARCHITECTURE.md'))) return []
  const lines = read(root, 'ARCHITECTURE.md').split('\n').map(tidyRow)
  const [heading, ...expected] = layerTable().map(tidyRow)
  const start = lines.indexOf(heading!)
  if (start === -1) return []
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  const table = lines.slice(start + 1, end === -1 ? undefined : end)
  const wrong = [
    ...expected.filter((row) => !table.includes(row)),
    ...table.filter((row) => !expected.includes(row)),
  ]
  if (wrong.length === 0) return []
  return [`ARCHITECTURE.md: the import table is not that of \`bin/check-layers --table\`: ${wrong.join(' ')}`]
}

function tidyRow(line: string): string {
  return line.startsWith('|') ? line.replace(/\s*\|\s*/g, '|').replace(/-+/g, '-') : line
}

function decisionProblems(root: string): string[] {
  return globSync('docs/decisions/*.md', { cwd: root }).flatMap((record) => {
    const text = read(root, record)
    const missing = DECISION_HEADINGS.filter((heading) => !new RegExp(`^#+ ${heading}\\b`, 'm').test(text))
    return missing.map((heading) => `${record}: has no heading "${heading}"`)
  })
}

/** Each public entry comes from a source file, and some page in docs/ shows how it is imported. */
function exportProblems(root: string, manifest: Manifest): string[] {
  const pages = globSync('docs/**/*.md', { cwd: root }).map((page) => read(root, page))
  return entriesOf(manifest).flatMap(({ name, source }) => {
    const exists = existsSync(join(root, source))
    const isShown = pages.length === 0 || pages.some((page) => new RegExp(`['"\`]${name}['"\`]`).test(page))
    return [
      ...(exists ? [] : [`package.json: ${name} is built from ${source}, which does not exist`]),
      ...(isShown ? [] : [`package.json: no page in docs/ mentions \`${name}\``]),
    ]
  })
}

/** Each dependency is named in backticks by the decision record that took it in. */
function dependencyProblems(root: string, manifest: Manifest): string[] {
  const records = globSync('docs/decisions/*.md', { cwd: root }).map((record) => read(root, record))
  const kinds = Object.keys(manifest).filter((key) => /dependencies$/i.test(key)) as `${string}ependencies`[]
  return kinds
    .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
    .filter((name) => !records.some((record) => record.includes(`\`${name}\``)))
    .map((name) => `package.json: no record in docs/decisions/ says why \`${name}\` is there`)
}

function sizeProblems(root: string): string[] {
  const measured = new Set<string>()
  return SIZES.flatMap(({ files, lines: limit }) => {
    const found = globSync(files, { cwd: root, withFileTypes: true })
      // What is installed is not ours to measure.
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    const paths = found
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !measured.has(path))
    for (const path of paths) measured.add(path)
    return paths.flatMap((path) => {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').length
      return lines > limit ? [`${path.slice(root.length + 1)}: ${lines} lines; at most ${limit}`] : []
    })
  })
}

function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function main(): number {
  const problems = documentProblems(process.cwd())
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) console.error(`bin/check-docs: ${problems.length} found`)
  else console.log('check-docs: the documents agree with the source')
  return problems.length > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = main()

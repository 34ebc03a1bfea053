import { messageOf, UsageError } from '../kernel/errors.ts'

/** A value of the file, and where it stands. */
export interface Setting {
  readonly value: unknown
  /** `config/sidekiq.yml:3`. */
  readonly origin: string
}

/** By name, without the colon that Ruby's symbols begin with. */
export type Settings = ReadonlyMap<string, Setting>

/** Far above what anybody writes; a larger file is not a configuration. */
const MAX_CHARACTERS = 64 * 1024
/** Values that aliases may stand for in all: enough for `<<: *default` in each environment, no bomb. */
const MAX_ALIASES = 100

/**
 * Reads a file written for Sidekiq: plain YAML, as Ruby understands it (1.1).
 * @throws UsageError `config.broken` with the line, for ERB, for what is no YAML, for Ruby objects, for aliases out of hand
 */
export async function sidekiqDocument(text: string, file: string): Promise<Settings> {
  if (text.length > MAX_CHARACTERS) throw broken(file, `larger than ${MAX_CHARACTERS} characters`)
  refuseErb(text, file)
  // Only who has such a file pays for the parser.
  const { LineCounter, parseDocument, isMap, isScalar } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { version: '1.1', lineCounter: lines, prettyErrors: false })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined)
    throw broken(`${file}:${lines.linePos(problem.pos[0]).line}`, `no plain YAML: ${messageOf(problem)}`)
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return new Map()
  if (!isMap(contents)) throw broken(file, 'expected keys with values, such as concurrency: 5')
  const keyLines = contents.items.map(({ key }) =>
    isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 1,
  )
  return settingsOf(resolved(document, file), file, keyLines)
}

/** The keys of a section; they all stand where it begins. */
export function sectionOf({ value, origin }: Setting, name: string): Settings {
  return settingsOf(value as object, `${origin} (${name})`)
}

function settingsOf(values: object, file: string, lines: readonly number[] = []): Settings {
  return new Map(
    Object.entries(values).map(([key, value], index) => {
      const line = lines[index]
      return [withoutColon(key), { value, origin: line === undefined ? file : `${file}:${line}` }]
    }),
  )
}

function resolved(document: { toJS(options: { maxAliasCount: number }): unknown }, file: string): object {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as object
  } catch (cause) {
    throw broken(file, messageOf(cause), cause)
  }
}

/** `:concurrency` is how Ruby writes the symbol. */
export function withoutColon(word: string): string {
  return word.startsWith(':') ? word.slice(1) : word
}

function refuseErb(text: string, file: string): void {
  const index = text.split('\n').findIndex((line) => line.includes('<%') && !line.trimStart().startsWith('#'))
  if (index === -1) return
  throw broken(
    `${file}:${index + 1}`,
    'this line has Ruby in it (ERB, "<%"), which is not run here; write the value itself, or write capstan.config.ts, ' +
      'where process.env is at hand, and this file is not read',
  )
}

function broken(where: string, what: string, cause?: unknown): UsageError {
  return new UsageError('config.broken', `${where}: ${what}`, { cause })
}

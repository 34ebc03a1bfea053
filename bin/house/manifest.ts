import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What of package.json is looked at here. */
export interface Manifest {
  /** A file, or files by condition; `default` is what users get. */
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly [dependencies: `${string}ependencies`]: Readonly<Record<string, string>> | undefined
}

/** One line of `exports` that leads to code. */
export interface PublicEntry {
  /** As a user imports it: `capstan/worker`. */
  readonly name: string
  /** What users get: `./dist/worker/index.js`. */
  readonly target: string
  /** Where that is built from: `src/worker/index.ts`. */
  readonly source: string
  /** All files by condition, `default` too. */
  readonly conditions: Readonly<Record<string, string>>
}

export function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
}

/** The public entries, without the manifest itself. */
export function entriesOf({ exports = {} }: Manifest): PublicEntry[] {
  return Object.entries(exports)
    .filter(([entry]) => entry !== './package.json')
    .map(([entry, value]) => {
      const conditions = typeof value === 'string' ? { default: value } : value
      const target = conditions.default ?? ''
      const source = target.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
      return { name: join('capstan', entry), target, source, conditions }
    })
}

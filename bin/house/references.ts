import type { Token } from './tokens.ts'

/** What a file says of another one, or of a package. */
export interface Reference {
  readonly specifier: string
  readonly dynamic: boolean
  readonly line: number
}

/** Static imports, re-exports, `import()` and `require()` of what is written as a string; types too. */
export function referencesIn(tokens: readonly Token[]): Reference[] {
  return tokens.flatMap(({ kind, text, line }, at) => {
    if (kind !== 'string') return []
    const before = tokens[at - 1]?.text ?? ''
    const caller = tokens[at - 2]?.text ?? ''
    const dynamic = before === '(' && ['import', 'require', 'getBuiltinModule'].includes(caller)
    const fixed = tokens[at - 1]?.kind === 'word' && (before === 'from' || before === 'import')
    return fixed || dynamic ? [{ specifier: text, dynamic, line }] : []
  })
}

import { rubyTokens, type Token } from './ruby-tokens.ts'

/** An expression of which only what is needed to say settings is known. */
export type Node =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'symbol' | 'constant'; readonly name: string }
  | { readonly kind: 'text'; readonly parts: ReadonlyArray<string | Node> }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'hash'; readonly entries: ReadonlyArray<readonly [Node, Node]> }
  | { readonly kind: 'fetch'; readonly key: Node; readonly fallback: Node | null }
  /** `-> { … }`: worked out when it is asked for. */
  | { readonly kind: 'lazy'; readonly body: Node }
  | { readonly kind: 'plus'; readonly left: Node; readonly right: Node }

/** A call on a line of its own, or a piece of code that was not understood. */
export type Statement = { readonly line: number } & (
  | { readonly call: string; readonly args: readonly Node[] }
  | { readonly unread: string }
)

const LITERALS: ReadonlyMap<string, true | false | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
])
const OPENERS = ['if', 'unless', 'case', 'begin', 'def', 'class', 'module', 'while', 'until', 'for']
const LOOPS = ['while', 'until', 'for']
const OPEN = ['(', '[', '{']
const CLOSE = [')', ']', '}']

/** Code that is more than a setting. */
class Unread extends Error {}

/** The statements of a Ruby file. What is not a plain call with plain values comes as one piece, blocks as a whole. */
export function rubyStatements(source: string): Statement[] {
  const tokens = rubyTokens(source)
  const lines = source.split('\n')
  const statements: Statement[] = []
  for (let at = 0; at < tokens.length; ) {
    if (tokens[at]!.kind === 'line') at++
    else {
      const end = statementEnd(tokens, at)
      const { line } = tokens[at]!
      const read = new Parser(tokens.slice(at, end)).statement()
      statements.push(read ? { line, ...read } : { line, unread: lines[line - 1]!.trim() })
      at = end
    }
  }
  return statements
}

/** Where the statement that begins there ends: its blocks and brackets are closed, and nothing goes on. */
function statementEnd(tokens: readonly Token[], start: number): number {
  let depth = 0
  let loop = false
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token.kind === 'line') {
      if (depth <= 0 && !goesOn(tokens, at)) return at
      loop = false
      continue
    }
    const isFirst = at === start || tokens[at - 1]!.kind === 'line' || textOf(tokens[at - 1]) === '='
    const change = depthChange(token, { isFirst, loop })
    loop ||= isFirst && LOOPS.includes(textOf(token))
    depth += change
  }
  return tokens.length
}

function depthChange(token: Token, { isFirst, loop }: { isFirst: boolean; loop: boolean }): number {
  const text = textOf(token)
  if (token.kind === 'op') return Number(OPEN.includes(text)) - Number(CLOSE.includes(text))
  if (token.kind !== 'name') return 0
  if (text === 'end') return -1
  return Number((text === 'do' && !loop) || (isFirst && OPENERS.includes(text)))
}

/** A line ends no statement behind a comma or an operator, and before a dot. */
function goesOn(tokens: readonly Token[], at: number): boolean {
  let next = at
  while (tokens[next]?.kind === 'line') next++
  return (
    [',', '+', '=', '=>', '||', '&&', '.'].includes(textOf(tokens[at - 1])) || textOf(tokens[next]) === '.'
  )
}

function textOf(token: Token | undefined): string {
  return token !== undefined && 'text' in token && token.kind !== 'symbol' ? token.text : ''
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  /** @param tokens of one statement; where its lines end does not matter any more */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens.filter((token) => token.kind !== 'line')
  }

  statement(): { call: string; args: Node[] } | null {
    try {
      const call = this.#expect('name')
      const brackets = this.#skip('(')
      const args = this.#isAtEnd() ? [] : this.#list(brackets ? ')' : null)
      return this.#isAtEnd() ? { call, args } : null
    } catch (error) {
      if (error instanceof Unread) return null
      throw error
    }
  }

  expression(): Node {
    let left = this.#primary()
    for (;;) {
      if (this.#skip('+')) left = { kind: 'plus', left, right: this.#primary() }
      else if (this.#skip('.')) left = this.#method(left)
      else return left
    }
  }

  /** Arguments or items up to `close`; `a: 1` and `'a' => 1` at the end make one hash. */
  #list(close: string | null): Node[] {
    const items: Node[] = []
    const entries: Array<readonly [Node, Node]> = []
    while (!this.#ends(close)) {
      const entry = this.#entry()
      if (Array.isArray(entry)) entries.push(entry as [Node, Node])
      else items.push(entry as Node)
      if (!this.#skip(',') && !this.#ends(close)) throw new Unread()
    }
    if (close !== null) this.#at++
    return entries.length === 0 ? items : [...items, { kind: 'hash', entries }]
  }

  #entry(): Node | [Node, Node] {
    const token = this.#tokens[this.#at]
    if (token?.kind === 'label') {
      this.#at++
      return [{ kind: 'symbol', name: token.text }, this.expression()]
    }
    const first = this.expression()
    return this.#skip('=>') ? [first, this.expression()] : first
  }

  #primary(): Node {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Unread()
    if (token.kind === 'string') return { kind: 'text', parts: token.parts.map(partOf) }
    if (token.kind === 'words')
      return { kind: 'list', items: token.words.map((value) => ({ kind: 'literal', value })) }
    if (token.kind === 'symbol') return { kind: 'symbol', name: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text.replaceAll('_', '')) }
    if (token.kind === 'name') return this.#named(token.text)
    const text = textOf(token)
    if (text === '[') return { kind: 'list', items: this.#list(']') }
    if (text === '{') return this.#hash()
    if (text === '->') return this.#lazy()
    throw new Unread()
  }

  #hash(): Node {
    const [hash, ...more] = this.#list('}')
    if (hash === undefined) return { kind: 'hash', entries: [] }
    if (hash.kind !== 'hash' || more.length > 0) throw new Unread()
    return hash
  }

  #lazy(): Node {
    if (!this.#skip('{')) throw new Unread()
    const body = this.expression()
    if (!this.#skip('}')) throw new Unread()
    return { kind: 'lazy', body }
  }

  #named(name: string): Node {
    const literal = LITERALS.get(name)
    if (literal !== undefined) return { kind: 'literal', value: literal }
    if (name === 'fetch' && this.#skip('(')) {
      const [key, fallback = null, ...more] = this.#list(')')
      if (key === undefined || more.length > 0) throw new Unread()
      return { kind: 'fetch', key, fallback }
    }
    if (!/^[A-Z]/.test(name)) throw new Unread()
    const path = [name]
    while (this.#skip('::')) path.push(this.#expect('name'))
    return { kind: 'constant', name: path.join('::') }
  }

  /** `fetch(:linked_dirs, []).push('log')` is how old deploy.rb files append. */
  #method(left: Node): Node {
    const name = this.#expect('name')
    if (name === 'freeze' || name === 'to_s') return left
    if (!['push', 'concat'].includes(name) || !this.#skip('(')) throw new Unread()
    const items = this.#list(')')
    return { kind: 'plus', left, right: name === 'push' ? { kind: 'list', items } : (items[0] ?? raise()) }
  }

  #expect(kind: 'name'): string {
    const token = this.#tokens[this.#at++]
    if (token?.kind !== kind) throw new Unread()
    return token.text
  }

  #skip(text: string): boolean {
    const token = this.#tokens[this.#at]
    const found = token?.kind === 'op' && token.text === text
    if (found) this.#at++
    return found
  }

  #ends(close: string | null): boolean {
    return close === null ? this.#isAtEnd() : textOf(this.#tokens[this.#at]) === close
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }
}

function partOf(part: string | { readonly source: string }): string | Node {
  return typeof part === 'string' ? part : new Parser(rubyTokens(part.source)).expression()
}

function raise(): never {
  throw new Unread()
}

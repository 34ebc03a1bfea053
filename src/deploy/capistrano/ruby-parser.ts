import { rubyTokens, type StringPart, type Token, tokenText } from './ruby-tokens.ts'

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

/** A call, or what a constant is from now on. */
export type Sentence = {
  /** Those of the environment that had the first word where a plain value is taken. */
  readonly variables: readonly string[]
} & (
  | { readonly call: string; readonly args: readonly Node[] }
  | { readonly constant: string; readonly value: Node }
)

const LITERALS: ReadonlyMap<string, true | false | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
])

/** Code that is more than a setting. */
class Unread extends Error {}

/** Reads the tokens of one statement; null when it is more than plain calls, constants and values. */
export function rubySentence(tokens: readonly Token[]): Sentence | null {
  try {
    return new Parser(tokens, new Set()).sentence()
  } catch (error) {
    if (error instanceof Unread) return null
    throw error
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #variables: Set<string>
  #at = 0

  /** @param tokens of one statement; where its lines end does not matter any more */
  constructor(tokens: readonly Token[], variables: Set<string>) {
    this.#tokens = tokens.filter((token) => token.kind !== 'line')
    this.#variables = variables
  }

  sentence(): Sentence {
    const name = this.#expect('name')
    if (isConstant(name) && this.#skip('=')) {
      const value = this.whole()
      return { constant: name, value, variables: [...this.#variables] }
    }
    const brackets = this.#skip('(')
    const args = this.#isAtEnd() ? [] : this.#list(brackets ? ')' : null)
    if (!this.#isAtEnd()) throw new Unread()
    return { call: name, args, variables: [...this.#variables] }
  }

  /** An expression behind which nothing comes. */
  whole(): Node {
    const node = this.expression()
    return this.#isAtEnd() ? node : raise()
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
    if (token.kind === 'string') return { kind: 'text', parts: token.parts.map((part) => this.#part(part)) }
    if (token.kind === 'words')
      return { kind: 'list', items: token.words.map((value) => ({ kind: 'literal', value })) }
    if (token.kind === 'symbol') return { kind: 'symbol', name: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text.replaceAll('_', '')) }
    if (token.kind === 'name') return this.#named(token.text)
    const text = tokenText(token)
    if (text === '[') return { kind: 'list', items: this.#list(']') }
    if (text === '{') return this.#hash()
    if (text === '->') return { kind: 'lazy', body: this.#block() }
    if (text === '(') return this.#enclosed(')')
    throw new Unread()
  }

  #hash(): Node {
    const [hash, ...more] = this.#list('}')
    if (hash === undefined) return { kind: 'hash', entries: [] }
    if (hash.kind !== 'hash' || more.length > 0) throw new Unread()
    return hash
  }

  #named(name: string): Node {
    const literal = LITERALS.get(name)
    if (literal !== undefined) return { kind: 'literal', value: literal }
    if (name === 'fetch' && this.#skip('(')) {
      const [key, fallback = null, ...more] = this.#list(')')
      if (key === undefined || more.length > 0) throw new Unread()
      return { kind: 'fetch', key, fallback }
    }
    if (name === 'ENV') return this.#variable()
    if (!isConstant(name)) throw new Unread()
    const path = [name]
    while (this.#skip('::')) path.push(this.#expect('name'))
    return { kind: 'constant', name: path.join('::') }
  }

  /** `ENV['A'] || 'b'`, `ENV.fetch('A', 'b')` and `ENV.fetch('A') { 'b' }`: the plain value behind the variable. */
  #variable(): Node {
    const isFetch = this.#skip('.')
    if (isFetch && this.#expect('name') !== 'fetch') throw new Unread()
    if (!this.#skip(isFetch ? '(' : '[')) throw new Unread()
    const [name, second, ...more] = this.#list(isFetch ? ')' : ']')
    const variable = name === undefined ? null : plainText(name)
    if (variable === null || more.length > 0) throw new Unread()
    this.#variables.add(variable)
    const value = isFetch ? (second ?? this.#block()) : this.#alternative()
    if (!isPlain(value)) throw new Unread()
    return value
  }

  #alternative(): Node {
    return this.#skip('||') ? this.#primary() : raise()
  }

  #block(): Node {
    return this.#skip('{') ? this.#enclosed('}') : raise()
  }

  #enclosed(close: string): Node {
    const node = this.expression()
    return this.#skip(close) ? node : raise()
  }

  /** `fetch(:linked_dirs, []).push('log')` is how old deploy.rb files append. */
  #method(left: Node): Node {
    const name = this.#expect('name')
    if (name === 'freeze' || name === 'to_s') return left
    if (!['push', 'concat'].includes(name) || !this.#skip('(')) throw new Unread()
    const items = this.#list(')')
    return { kind: 'plus', left, right: name === 'push' ? { kind: 'list', items } : (items[0] ?? raise()) }
  }

  #part(part: StringPart): string | Node {
    return typeof part === 'string' ? part : new Parser(rubyTokens(part.source), this.#variables).whole()
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
    return close === null ? this.#isAtEnd() : tokenText(this.#tokens[this.#at]) === close
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }
}

function isConstant(name: string): boolean {
  return /^[A-Z]/.test(name)
}

/** Whether it is the same at each deploy; nil leaves the choice to the variable. */
function isPlain(node: Node): boolean {
  if (node.kind === 'literal') return node.value !== null
  if (node.kind === 'list') return node.items.every(isPlain)
  return node.kind === 'symbol' || plainText(node) !== null
}

/** The text of a literal in which nothing is worked out; null for other expressions. */
export function plainText(node: Node): string | null {
  if (node.kind !== 'text' || node.parts.some((part) => typeof part !== 'string')) return null
  return node.parts.join('')
}

function raise(): never {
  throw new Unread()
}

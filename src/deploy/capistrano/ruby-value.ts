import type { Node } from './ruby-parser.ts'

/** A value as Ruby has it. A symbol is not its text: Capistrano writes some of them in capitals. */
export type Value = string | number | boolean | null | RubySymbol | RubyHash | Lazy | readonly Value[]

export class RubySymbol {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class RubyHash {
  readonly entries: ReadonlyArray<readonly [Value, Value]>
  constructor(entries: ReadonlyArray<readonly [Value, Value]>) {
    this.entries = entries
  }
}

/** Worked out each time when it is fetched. */
export class Lazy {
  readonly body: Node
  constructor(body: Node) {
    this.body = body
  }
}

/** What is known where an expression stands; undefined for what nobody said. */
export interface Scope {
  readonly fetch: (key: string) => Value | undefined
  readonly constant: (name: string) => Value | undefined
}

/** A value that hangs on something that was not read. */
export class Unresolved extends Error {}

/** Works out an expression. @throws Unresolved */
export function evaluate(node: Node, scope: Scope): Value {
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'symbol':
      return new RubySymbol(node.name)
    case 'constant':
      return assigned(node.name, scope)
    case 'text':
      return node.parts
        .map((part) => (typeof part === 'string' ? part : textOf(evaluate(part, scope))))
        .join('')
    case 'list':
      return node.items.map((item) => evaluate(item, scope))
    case 'hash':
      return new RubyHash(node.entries.map(([key, value]) => [evaluate(key, scope), evaluate(value, scope)]))
    case 'lazy':
      return new Lazy(node.body)
    case 'fetch':
      return fetched(textOf(evaluate(node.key, scope)), node.fallback, scope)
    case 'plus':
      return sum(evaluate(node.left, scope), evaluate(node.right, scope))
  }
}

function assigned(name: string, scope: Scope): Value {
  const value = scope.constant(name)
  if (value === undefined) throw new Unresolved(`the constant ${name} is not known`)
  return value
}

function fetched(key: string, fallback: Node | null, scope: Scope): Value {
  const value = scope.fetch(key)
  if (value !== undefined) return value
  if (fallback !== null) return evaluate(fallback, scope)
  throw new Unresolved(`fetch(:${key}) is not known`)
}

function sum(left: Value, right: Value): Value {
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
  if (typeof left === 'string' && typeof right === 'string') return left + right
  throw new Unresolved('only texts and lists are put together')
}

/** The text of a text, a symbol or a number. @throws Unresolved */
export function textOf(value: Value | undefined): string {
  if (value instanceof RubySymbol) return value.name
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  throw new Unresolved('expected a text')
}

/** One value, or each of a list, as texts. @throws Unresolved */
export function textsOf(value: Value | undefined): string[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value.flat(1) : [value]).map((each) => textOf(each as Value))
}

/** The entries of a hash by the texts of their keys. */
export function entriesOf(value: Value | undefined): Map<string, Value> {
  return new Map(value instanceof RubyHash ? value.entries.map(([key, its]) => [textOf(key), its]) : [])
}

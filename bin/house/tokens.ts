/** A piece of TypeScript source that means something: comments and white space are left out, strings are opened. */
export interface Token {
  readonly kind: 'word' | 'sign' | 'string' | 'regex'
  /** Of a string: what is between its quotes, escapes as written. Of a regex: nothing. */
  readonly text: string
  /** 1-based. */
  readonly line: number
}

const SPACE = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/uy
const STRING = /'((?:\\[\s\S]|[^'\\\n])*)'|"((?:\\[\s\S]|[^"\\\n])*)"/uy
const WORD = /#?[\p{ID_Start}\p{Nd}$_][\p{ID_Continue}$]*/uy
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/uy
const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/uy
const SIGN = /[\s\S]/uy

/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'yield',
  'await',
])

/**
 * Splits TypeScript source into tokens, in order. Knows just enough of the language to tell code from comments,
 * strings, templates and regular expressions; never fails, whatever the source.
 */
export function tokensOf(source: string): Token[] {
  return new Tokenizer(source).run()
}

class Tokenizer {
  readonly #source: string
  readonly #tokens: Token[] = []
  /** For each open `${`: how many braces are open inside. */
  readonly #holes: number[] = []
  #at = 0
  #line = 1

  constructor(source: string) {
    this.#source = source.replace(/^#!.*/, '')
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#next()
    return this.#tokens
  }

  #next(): void {
    if (this.#take(SPACE)) return
    const string = this.#take(STRING)
    const word = string ? null : this.#take(WORD)
    const regex = string || word || !this.#regexMayBegin() ? null : this.#take(REGEX)
    if (string) this.#add('string', string[1] ?? string[2] ?? '', string[0])
    else if (word) this.#add('word', word[0])
    else if (regex) this.#add('regex', '', regex[0])
    else this.#sign(this.#take(SIGN)![0])
  }

  #sign(sign: string): void {
    const innermost = this.#holes.length - 1
    const closesHole = sign === '}' && this.#holes[innermost] === 0
    if (closesHole) this.#holes.pop()
    if (closesHole || sign === '`') {
      this.#template()
      return
    }
    if (innermost >= 0 && sign === '{') this.#holes[innermost]!++
    if (innermost >= 0 && sign === '}') this.#holes[innermost]!--
    this.#add('sign', sign)
  }

  /** The text of a template up to its end or its next `${`. */
  #template(): void {
    const text = this.#take(TEMPLATE_TEXT)![0]
    this.#add('string', text, text)
    if (this.#source.startsWith('${', this.#at)) {
      this.#at += 2
      this.#holes.push(0)
    } else {
      this.#at += 1
    }
  }

  #regexMayBegin(): boolean {
    if (this.#source[this.#at] !== '/') return false
    const before = this.#tokens.at(-1)
    if (before === undefined) return true
    if (before.kind === 'word') return BEFORE_REGEX.has(before.text)
    return before.kind === 'sign' && !')]}'.includes(before.text)
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (!match) return null
    this.#at = pattern.lastIndex
    if (pattern === SPACE) this.#line += newlinesIn(match[0])
    return match
  }

  #add(kind: Token['kind'], text: string, whole = text): void {
    this.#tokens.push({ kind, text, line: this.#line })
    this.#line += newlinesIn(whole)
  }
}

function newlinesIn(text: string): number {
  return text.split('\n').length - 1
}

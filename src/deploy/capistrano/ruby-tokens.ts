/** A piece of Ruby. What is not understood comes as an `op`, so that the reader can pass over it. */
export type Token = { readonly line: number } & (
  | { readonly kind: 'name' | 'label' | 'symbol' | 'number' | 'op'; readonly text: string }
  /** Pieces of text, and between them the source of each `#{…}`. */
  | { readonly kind: 'string'; readonly parts: readonly StringPart[] }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** The end of a line, a semicolon, or of the file. */
  | { readonly kind: 'line' }
)

/** Of a name or an operator; empty for others. */
export function tokenText(token: Token | undefined): string {
  return token !== undefined && 'text' in token && token.kind !== 'symbol' ? token.text : ''
}

export type StringPart = string | { readonly source: string }

const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', s: ' ', e: '\u001b', 0: '\0', r: '\r' }

const SPACE = /[ \t\r]+|\\\r?\n|#[^\n]*/y
const COMMENT_BLOCK = /^=begin\b[\s\S]*?^=end\b[^\n]*/my
/** A line by itself: what follows is the file's own text. */
const END_OF_CODE = /^__END__(?=\r?\n|\r?$(?![\s\S]))[\s\S]*/my
const LINE = /\n|;/y
const LABEL = /([A-Za-z_]\w*[?!]?):(?!:)/y
const NAME = /@{0,2}\$?[A-Za-z_]\w*[?!]?/y
const SYMBOL = /:([A-Za-z_]\w*[?!]?)/y
const NUMBER = /\d[\d_]*(\.\d+)?/y
const QUOTED_SYMBOL = /:(?=["'])/y
const WORDS = /%[wi]([^\w\s])/iy
const PERCENT_STRING = /%([qQ]?)([[({<|!])/y
const HEREDOC = /<<[~-]?(["']?)([A-Z_]\w*)\1/y
const REGEX = /\/(?![\s=])(?:\\.|[^/\n\\])+\/[a-z]*/y
const OP = /=>|->|==|=~|\|\||&&|::|<<|[\s\S]/y

/** The pieces of a Ruby file, with the lines where they begin. */
export function rubyTokens(source: string): Token[] {
  return new Lexer(source).tokens()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1

  constructor(source: string) {
    this.#source = source
  }

  tokens(): Token[] {
    while (this.#at < this.#source.length) this.#next()
    this.#tokens.push({ kind: 'line', line: this.#line })
    return this.#tokens
  }

  #next(): void {
    if (this.#take(COMMENT_BLOCK) || this.#take(SPACE) || this.#take(END_OF_CODE)) return
    const line = this.#line
    if (this.#take(LINE)) this.#tokens.push({ kind: 'line', line })
    else if (!this.#word(line) && !this.#text(line)) {
      this.#tokens.push({ kind: 'op', text: this.#take(OP)![0], line })
    }
  }

  #word(line: number): boolean {
    for (const [kind, pattern] of [
      ['label', LABEL],
      ['name', NAME],
      ['symbol', SYMBOL],
      ['number', NUMBER],
    ] as const) {
      const found = this.#take(pattern)
      if (found)
        return (
          this.#tokens.push({ kind, text: found[1] && kind !== 'number' ? found[1] : found[0], line }) > 0
        )
    }
    return false
  }

  #text(line: number): boolean {
    const quoted = this.#take(QUOTED_SYMBOL)
    const quote = this.#source[this.#at]
    if (quote === '"' || quote === "'") {
      this.#at++
      return this.#string(line, { close: quote, open: '', raw: quote === "'", isSymbol: quoted !== null })
    }
    const words = this.#take(WORDS)
    if (words) return this.#words(line, words[1]!)
    const percent = this.#take(PERCENT_STRING)
    if (percent) {
      const open = percent[2]!
      return this.#string(line, {
        close: CLOSERS[open] ?? open,
        open,
        raw: percent[1] === 'q',
        isSymbol: false,
      })
    }
    return this.#heredoc(line) || this.#regex(line)
  }

  #words(line: number, open: string): boolean {
    const close = CLOSERS[open] ?? open
    const end = this.#source.indexOf(close, this.#at)
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end)
    this.#skip(text.length + (end < 0 ? 0 : 1))
    this.#tokens.push({ kind: 'words', words: text.split(/\s+/).filter((word) => word !== ''), line })
    return true
  }

  #string(
    line: number,
    { close, open, raw, isSymbol }: { close: string; open: string; raw: boolean; isSymbol: boolean },
  ): boolean {
    const parts: StringPart[] = []
    let text = ''
    let depth = 0
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at]!
      if (character === close && depth === 0) break
      if (open !== close) depth += Number(character === open) - Number(character === close)
      if (!raw && character === '#' && this.#source[this.#at + 1] === '{') {
        parts.push(text, { source: this.#interpolated() })
        text = ''
      } else text += this.#character(raw, close)
    }
    this.#skip(1)
    parts.push(text)
    if (isSymbol) this.#tokens.push({ kind: 'symbol', text: parts.join(''), line })
    else this.#tokens.push({ kind: 'string', parts: parts.filter((part) => part !== ''), line })
    return true
  }

  #interpolated(): string {
    const begin = this.#at + 2
    let depth = 0
    for (let at = begin; at < this.#source.length; at++) {
      if (this.#source[at] === '{') depth++
      if (this.#source[at] === '}' && depth-- === 0) {
        this.#skip(at + 1 - this.#at)
        return this.#source.slice(begin, at)
      }
    }
    this.#skip(this.#source.length)
    return this.#source.slice(begin)
  }

  #character(raw: boolean, close: string): string {
    const character = this.#source[this.#at]!
    const next = this.#source[this.#at + 1]
    const isEscape = character === '\\' && next !== undefined && (!raw || next === close || next === '\\')
    this.#skip(isEscape ? 2 : 1)
    if (!isEscape) return character
    return raw ? next : (ESCAPES[next] ?? next)
  }

  #heredoc(line: number): boolean {
    const found = this.#take(HEREDOC)
    if (!found) return false
    const body = new RegExp(`(?:\\n[^\\n]*)*?\\n[ \\t]*${found[2]}(?=\\n|$)`, 'y')
    const rest = this.#source.indexOf('\n', this.#at)
    this.#tokens.push({ kind: 'op', text: found[0], line })
    body.lastIndex = rest
    if (rest >= 0 && body.test(this.#source)) this.#skip(body.lastIndex - this.#at)
    return true
  }

  /** A slash behind a value divides; elsewhere it begins a pattern, whose quotes are none. */
  #regex(line: number): boolean {
    const before = this.#tokens.at(-1)
    const isValue = before && ['number', 'string', 'symbol', 'words'].includes(before.kind)
    const found = isValue ? null : this.#take(REGEX)
    if (found) this.#tokens.push({ kind: 'op', text: found[0], line })
    return found !== null
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)
    if (found) this.#skip(found[0].length)
    return found
  }

  #skip(characters: number): void {
    const passed = this.#source.slice(this.#at, this.#at + characters)
    this.#line += passed.split('\n').length - 1
    this.#at += characters
  }
}

import { type Node, plainText, rubySentence, type Sentence } from './ruby-parser.ts'
import { rubyTokens, type Token, tokenText } from './ruby-tokens.ts'

/** A sentence, or a piece of code that was not understood. */
export type Statement = {
  readonly line: number
  /** Its first line. */
  readonly source: string
} & (Sentence | Piece)

interface Piece {
  readonly unread: string
  /** Whether servers are said in it. */
  readonly saysServers: boolean
}

/** Where tokens stand. */
interface Place {
  readonly lines: readonly string[]
  /** With colons; empty at the top. */
  readonly namespace: string
}

const OPENERS = ['if', 'unless', 'case', 'begin', 'def', 'class', 'module', 'while', 'until', 'for']
const LOOPS = ['while', 'until', 'for']
const OPEN = ['(', '[', '{']
const BEFORE_VALUE = [...OPEN, '=', '|', ',', '||', '&&', '<<', '=>', '+', '!']
const CLOSE = [')', ']', '}']

const HOOKS = ['before', 'after']
const SERVERS = ['server', 'role']
/** What begins code that no stage needs to know its servers. */
const TASKS = ['namespace', 'task', 'desc', ...HOOKS]

/**
 * The statements of a Ruby file. What is not a plain sentence with plain values comes as one piece, blocks as a whole;
 * behind that of a namespace come the hooks in it, by their names from outside.
 */
export function rubyStatements(source: string): Statement[] {
  return statementsOf(rubyTokens(source), { lines: source.split('\n'), namespace: '' })
}

export function isHook(statement: Statement): boolean {
  if ('call' in statement) return HOOKS.includes(statement.call)
  return 'unread' in statement && /^(before|after)\b/.test(statement.unread)
}

function isServer(statement: Statement): boolean {
  if ('call' in statement) return SERVERS.includes(statement.call)
  return 'unread' in statement && statement.saysServers
}

function statementsOf(tokens: readonly Token[], place: Place): Statement[] {
  const statements: Statement[] = []
  for (let at = 0; at < tokens.length; ) {
    if (tokens[at]!.kind === 'line') at++
    else {
      const end = statementEnd(tokens, at)
      statements.push(...statementsIn(tokens.slice(at, end), place))
      at = end
    }
  }
  return statements
}

function statementsIn(tokens: readonly Token[], place: Place): Statement[] {
  const { line } = tokens[0]!
  const source = place.lines[line - 1]!.trim()
  const read = rubySentence(tokens)
  if (read !== null) return [{ line, source, ...fromOutside(read, place.namespace) }]
  const piece = { line, source, unread: source, saysServers: saysServers(tokens) }
  const space = namespaceOf(tokens)
  if (space === null) return [piece]
  const path = [place.namespace, space.name].filter(Boolean).join(':')
  const statements = statementsOf(space.body, { ...place, namespace: path })
  const hooks = statements.filter(isHook)
  if (hooks.length === statements.length) return hooks
  return [{ ...piece, saysServers: statements.some(isServer) }, ...hooks]
}

/** A hook of a task without colons means the task of its own namespace. */
function fromOutside(sentence: Sentence, namespace: string): Sentence {
  if (namespace === '' || !('call' in sentence) || !HOOKS.includes(sentence.call)) return sentence
  const [point, ...others] = sentence.args
  if (point === undefined) return sentence
  const name = point.kind === 'symbol' ? point.name : plainText(point)
  if (name === null || name.includes(':')) return sentence
  const full: Node = { kind: 'symbol', name: `${namespace}:${name}` }
  return { ...sentence, args: [full, ...others] }
}

function namespaceOf(tokens: readonly Token[]): { name: string; body: readonly Token[] } | null {
  if (tokenText(tokens[0]) !== 'namespace') return null
  const begin = tokens.findIndex((token) => tokenText(token) === 'do')
  const name = tokens.slice(1, Math.max(begin, 1)).map(nameOf).join('')
  if (name === '' || tokenText(tokens.at(-1)) !== 'end') return null
  return { name, body: tokens.slice(begin + 1, -1) }
}

/** Of a symbol or a text; brackets around it are none. */
function nameOf(token: Token): string {
  if (token.kind === 'symbol') return token.text
  const parts = token.kind === 'string' ? token.parts : []
  return parts.map((part) => (typeof part === 'string' ? part : `#{${part.source}}`)).join('')
}

/** Whether a call in it says a server; a variable of that name is none. */
function saysServers(tokens: readonly Token[]): boolean {
  if (TASKS.includes(tokenText(tokens[0]))) return false
  return tokens.some((token, at) => {
    if (token.kind !== 'name' || !SERVERS.includes(token.text)) return false
    const [before, next] = [tokens[at - 1], tokens[at + 1]]
    const isCall = before === undefined || before.kind === 'line' || BEFORE_CALL.includes(tokenText(before))
    const hasArgument = next !== undefined && (ARGUMENTS.includes(next.kind) || tokenText(next) === '(')
    return isCall && hasArgument
  })
}

const BEFORE_CALL = ['{', 'do', '|', 'then', 'else']
const ARGUMENTS: ReadonlyArray<Token['kind']> = ['string', 'symbol', 'name', 'words']

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
    if (token.kind === 'name' && tokenText(tokens[at - 1]) === '.') continue // a method, also one called end
    const isFirst = at === start || opensValue(tokens[at - 1]!)
    const change = depthChange(token, { isFirst, loop })
    loop ||= isFirst && LOOPS.includes(tokenText(token))
    depth += change
  }
  return tokens.length
}

/** Behind it `if` begins a block; behind a value it only makes a condition. */
function opensValue(token: Token): boolean {
  return token.kind === 'line' || BEFORE_VALUE.includes(tokenText(token))
}

function depthChange(token: Token, { isFirst, loop }: { isFirst: boolean; loop: boolean }): number {
  const text = tokenText(token)
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
    [',', '+', '=', '=>', '||', '&&', '.'].includes(tokenText(tokens[at - 1])) ||
    tokenText(tokens[next]) === '.'
  )
}

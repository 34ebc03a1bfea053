/** Text that is valid JSON by itself. */
export type JsonText = string

/** Top-level keys to set, or with null to remove. */
export type PayloadEdits = Readonly<Record<string, JsonText | null>>

/** Where one `"key":value` of an object stands in its text. */
interface Member {
  readonly key: string
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/**
 * Changes a few top-level keys of a payload and leaves every other byte of its values alone.
 *
 * A payload is never parsed and written again: JavaScript would turn `1.0` into `1`, round integers past 2^53
 * and rewrite exponents, and so change other people's arguments. A key that occurs twice counts once, the last
 * one, as in every JSON reader. New keys come at the end.
 *
 * @param raw a valid JSON object (what `parsePayload` accepted)
 */
export function editPayload(raw: string, edits: PayloadEdits): string {
  const members: string[] = []
  // Maps, since a payload may have a key such as "constructor", which every object seems to have.
  const wanted = new Map(Object.entries(edits))
  const pending = new Map(wanted)
  const found = topLevelMembers(raw)
  const last = new Map(found.map((member) => [member.key, member]))
  for (const member of found) {
    const edit = wanted.get(member.key)
    if (edit === undefined) members.push(raw.slice(member.start, member.end))
    else if (edit !== null && last.get(member.key) === member) {
      members.push(raw.slice(member.start, member.valueStart) + edit)
      pending.delete(member.key)
    } else if (edit === null) pending.delete(member.key)
  }
  for (const [key, edit] of pending) if (edit !== null) members.push(`${JSON.stringify(key)}:${edit}`)
  return `{${members.join(',')}}`
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = new Set([0x7b, 0x5b])
const CLOSE = new Set([0x7d, 0x5d])
const COMMA = 0x2c
const SPACES = new Set([0x20, 0x0a, 0x0d, 0x09])

function topLevelMembers(raw: string): Member[] {
  const members: Member[] = []
  let at = skipSpaces(raw, raw.indexOf('{') + 1)
  while (raw.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(raw, at)
    const valueStart = skipSpaces(raw, raw.indexOf(':', keyEnd) + 1)
    const end = endOfValue(raw, valueStart)
    members.push({ key: JSON.parse(raw.slice(at, keyEnd)) as string, start: at, valueStart, end })
    at = skipSpaces(raw, end)
    if (raw.charCodeAt(at) === COMMA) at = skipSpaces(raw, at + 1)
  }
  return members
}

function skipSpaces(raw: string, from: number): number {
  let at = from
  while (SPACES.has(raw.charCodeAt(at))) at++
  return at
}

/** The index just behind the closing quote of the string that opens at `from`. */
function endOfString(raw: string, from: number): number {
  let at = raw.indexOf('"', from + 1)
  while (isEscaped(raw, at)) at = raw.indexOf('"', at + 1)
  return at + 1
}

function isEscaped(raw: string, at: number): boolean {
  let backslashes = 0
  while (raw.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/** The index just behind the value that begins at `from`: a string, a nest of brackets, or a bare word. */
function endOfValue(raw: string, from: number): number {
  if (raw.charCodeAt(from) === QUOTE) return endOfString(raw, from)
  let depth = 0
  let at = from
  while (at < raw.length) {
    const code = raw.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(raw, at)
      continue
    }
    if (depth === 0 && (code === COMMA || CLOSE.has(code) || SPACES.has(code))) return at
    if (OPEN.has(code)) depth++
    else if (CLOSE.has(code) && --depth === 0) return at + 1
    at++
  }
  return at
}

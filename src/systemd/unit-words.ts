/** Splits a value as systemd splits command lines and lists: quotes, and escapes as in C. Null for an open quote. */
export function splitWords(value: string): string[] | null {
  const words: string[] = []
  let rest = value.trim()
  while (rest !== '') {
    const word = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+/s.exec(rest)?.[0]
    if (word === undefined) return null
    words.push(unquoted(word))
    rest = rest.slice(word.length)
    if (rest !== '' && !/^\s/.test(rest)) return null
    rest = rest.trimStart()
  }
  return words
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', s: ' ' }

function unquoted(word: string): string {
  return word
    .replace(
      /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/gs,
      (_, double?: string, single?: string) => double ?? single ?? '',
    )
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, code?: string, letter?: string) =>
      code === undefined ? (ESCAPES[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(code, 16)),
    )
}

/** A text that systemd takes as it is: `%` begins a specifier otherwise. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%')
}

/** One word of a list such as `Environment=` or `ReadWritePaths=`. `%` stays; see `literal`. */
export function quoteWord(text: string): string {
  return /^[^\s"'\\;]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** One argument of a command line, where `$` begins a variable. */
export function quoteArgument(text: string): string {
  return quoteWord(text.replaceAll('$', '$$$$'))
}

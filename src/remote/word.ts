import { RemoteError } from './errors.ts'
import type { Script } from './script.ts'

/** What stands for itself in a word; none of it means anything to a shell. */
const PLAIN = /[A-Za-z0-9_./:=,@+-]/

/**
 * A value as one word for the host's `read` and `printf %b`: ASCII, without spaces, and never empty, since a dot follows
 * the value, which also keeps newlines at its end from the shell's hands. Any text but NUL survives.
 */
export function word(value: string): string {
  return `${escaped(value)}.`
}

/** The same without the dot, for text that may lose newlines at its end. */
export function escaped(text: string): string {
  let result = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte)
    result += PLAIN.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`
  }
  return result
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Linux takes no longer string as an argument or as `NAME=value`, its NUL included. */
const STRING_LIMIT_BYTES = 128 * 1024
/** Errors and traces of the shell begin with it, as `$0`. */
const SHELL_NAME = 'sh'

/** A script as the words that `launch` of host-loop.ts takes. */
export function scriptWords(host: string, { name, body, args = [], env = {} }: Script): string {
  const variables = Object.entries(env)
  const texts = [`set -eu\n${body}`, SHELL_NAME, ...args]
  const fail = (what: string) => {
    throw new RemoteError('remote.script', `${name}: ${what}`, { host })
  }
  for (const [variable] of variables)
    if (!VARIABLE_NAME.test(variable)) fail(`"${variable}" cannot name a variable`)
  for (const text of [...texts, ...variables.map(([variable, value]) => `${variable}=${value}`)]) {
    if (text.includes('\0')) fail('a value holds a NUL character, which no argument can')
    if (Buffer.byteLength(text) >= STRING_LIMIT_BYTES) fail('a value exceeds 128 KiB; send it as a file')
  }
  const pairs = variables.flatMap(([variable, value]) => [variable, word(value)])
  return [variables.length, ...pairs, ...texts.map(word)].join(' ')
}

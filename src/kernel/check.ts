import { type Duration, durationMs } from './duration.ts'
import { UsageError } from './errors.ts'
import { suggest } from './suggest.ts'

/**
 * Looks at a value that may come from plain JavaScript.
 * @param where the path of the value, as in `capstan.config.ts: deploy.keep`
 * @throws UsageError `config.invalid` or `options.unknown`, with the path, what was expected and what is there
 */
export type Check = (value: unknown, where: string) => void

/** The error for a value that is not what its place asks for. */
export function invalid(where: string, expected: string, value: unknown): UsageError {
  return new UsageError('config.invalid', `${where}: expected ${expected}, got ${shown(value)}`)
}

/** @throws UsageError `options.unknown` with the nearest known key */
export function refuseUnknown(keys: readonly string[], known: readonly string[], where: string): void {
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new UsageError('options.unknown', `${where}: unknown key "${unknown}"; ${meant(unknown, known)}`)
}

/** `did you mean "…"?`, or all that there is. */
export function meant(word: string, known: readonly string[]): string {
  const near = suggest(word, known)
  if (near !== null) return `did you mean "${near}"?`
  return `${known.length === 1 ? 'known is' : 'known are'} ${known.join(', ')}`
}

/** A check by one question. */
export function that(expected: string, holds: (value: unknown) => boolean): Check {
  return (value, where) => {
    if (!holds(value)) throw invalid(where, expected, value)
  }
}

/** A text that matches; NUL, which no program or file can be given, never does. */
export function textLike(expected: string, pattern: RegExp): Check {
  return that(expected, (value) => typeof value === 'string' && !value.includes('\0') && pattern.test(value))
}

export function wholeNumber(least: number): Check {
  return that(
    `a whole number from ${least}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  )
}

export const isDuration: Check = (value, where) => void durationMs(value as Duration, where)

export function oneOf(...words: readonly string[]): Check {
  return (value, where) => {
    if (words.includes(value as string)) return
    const wrong = invalid(where, `one of ${words.join(', ')}`, value)
    const near = typeof value === 'string' ? suggest(value, words) : null
    throw near === null ? wrong : new UsageError(wrong.code, `${wrong.message}; did you mean "${near}"?`)
  }
}

/** A list, each item by `item`. */
export function listOf(item: Check, least = 0): Check {
  return (value, where) => {
    if (!Array.isArray(value)) throw invalid(where, 'a list', value)
    if (value.length < least) throw new UsageError('config.invalid', `${where}: expected at least one`)
    for (const [index, each] of value.entries()) item(each, `${where}[${index}]`)
  }
}

/** Like `listOf`, and nothing may be there twice. */
export function distinct(item: Check): Check {
  return (value, where) => {
    listOf(item)(value, where)
    const items = value as unknown[]
    const twice = items.find((each, index) => items.indexOf(each) !== index)
    if (twice !== undefined)
      throw new UsageError('config.invalid', `${where}: ${shown(twice)} is there twice`)
  }
}

/** An object with free keys. */
export function recordOf(key: Check, value: Check): Check {
  return (record, where) => {
    for (const [name, each] of Object.entries(objectAt(record, where))) {
      key(name, `${where}: ${shown(name)}`)
      value(each, `${where}.${name}`)
    }
  }
}

/** An object with these keys and no other. `undefined` counts as left out. */
export function shape(checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, where) => {
    const given = objectAt(value, where)
    refuseUnknown(Object.keys(given), Object.keys(checks), where)
    for (const key of required) {
      if (given[key] === undefined) throw new UsageError('config.invalid', `${where}: ${key} is missing`)
    }
    for (const [key, check] of Object.entries(checks)) {
      if (given[key] !== undefined) check(given[key], `${where}.${key}`)
    }
  }
}

/** @throws UsageError `config.invalid` for anything but an object with keys */
export function objectAt(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw invalid(where, 'an object', value)
}

const LONGEST_SHOWN = 80

/** A value as messages show it: short, and nothing of what is in lists and objects. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

import type { JsonText } from './edit-payload.ts'

// The engine knows it; the standard library's types do not yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Ruby writes numbers below this with an exponent, JavaScript some of them without. */
const SMALL = 1e-4
/** From here on JavaScript writes an exponent, in another form than Ruby's. */
const LARGE = 1e21

/** What a number that the two write differently looks like; in a string it may be anything else. */
const SUSPICIOUS = /\de[+-]|0\.0000/

/**
 * JSON as Ruby writes it, so that Ruby finds an entry again by the bytes that it would write. The two agree but
 * for very small and very large numbers: `1e-7` is `1.0e-07` there.
 */
export function canonicalJson(value: unknown): JsonText {
  const text = JSON.stringify(value)
  return SUSPICIOUS.test(text) ? JSON.stringify(value, (_key, inner: unknown) => numberAsRuby(inner)) : text
}

function numberAsRuby(value: unknown): unknown {
  if (typeof value !== 'number' || value === 0 || !Number.isFinite(value)) return value
  const size = Math.abs(value)
  if (size >= SMALL && size < LARGE) return value
  const [, mantissa = '', sign = '', exponent = ''] = /^(.+)e([+-])(\d+)$/.exec(value.toExponential()) ?? []
  const digits = mantissa.includes('.') ? mantissa : `${mantissa}.0`
  return rawJSON(`${digits}e${sign}${exponent.padStart(2, '0')}`)
}

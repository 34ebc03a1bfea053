type Source = { readonly source: string }
type ExactJson = {
  parse(text: string, reviver: (key: string, value: unknown, context: Source) => unknown): unknown
  rawJSON(text: string): unknown
}

// The engine knows both; the standard library's types do not yet.
const JSON_WITH_SOURCE = JSON as unknown as ExactJson

/**
 * Parses JSON so that writing it again gives every number as it was written: `1.0` stays `1.0`, and an id past
 * 2^53 is not rounded to its neighbour. Numbers come out as objects that only `JSON.stringify` understands.
 */
export function parseExact(text: string): unknown {
  return JSON_WITH_SOURCE.parse(text, (_key, value, { source }) =>
    typeof value === 'number' ? JSON_WITH_SOURCE.rawJSON(source) : value,
  )
}

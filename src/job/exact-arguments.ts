const WHOLE_NUMBER = /^-?\d+$/

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown,
) => unknown

// The engine knows the third argument; the standard library's types do not yet.
const parseWithSource = JSON.parse as unknown as ParseWithSource

/**
 * A payload's arguments with every whole number exact: one past 2^53 comes as a BigInt, unless JavaScript would
 * write the rounded number with the same digits. So ids and amounts of other writers keep their value, and what
 * JavaScript wrote comes back as it went in.
 *
 * @param args as they were parsed already, returned as they are when no number is that large
 * @throws RangeError for arguments too deep to be walked
 */
export function exactArguments(raw: string, args: readonly unknown[]): readonly unknown[] {
  if (!args.some(hasLargeNumber)) return args
  const payload = parseWithSource(raw, (_key, value, { source }) => exact(value, source))
  return (payload as { args: unknown[] }).args
}

// Parsing with a reviver costs many times this walk, and few payloads need it.
function hasLargeNumber(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) > Number.MAX_SAFE_INTEGER
  if (typeof value !== 'object' || value === null) return false
  return (Array.isArray(value) ? value : Object.values(value)).some(hasLargeNumber)
}

function exact(value: unknown, source: string): unknown {
  if (typeof value !== 'number' || !WHOLE_NUMBER.test(source)) return value
  return Number.isSafeInteger(value) || JSON.stringify(value) === source ? value : BigInt(source)
}

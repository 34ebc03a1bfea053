/** The two classes under which Rails puts its own jobs on the wire. */
const WRAPPERS = new Set([
  'ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper',
  'Sidekiq::ActiveJob::Wrapper',
])

export function isRailsWrapper(name: string): boolean {
  return WRAPPERS.has(name)
}

/** Keys by which Rails remembers what kind of hash it was; the hash is whole without them. */
const HASH_MARKS = new Set(['_aj_symbol_keys', '_aj_ruby2_keywords', '_aj_hash_with_indifferent_access'])

/** Keys of what only Rails can make an object of again, and what to call it. */
const FOREIGN = new Map([
  ['_aj_globalid', 'a record (GlobalID)'],
  ['_aj_serialized', 'a serialized Ruby object'],
])

/**
 * The arguments of the job inside a Rails wrapper, when they are plain: strings, numbers, booleans, nil, and
 * arrays and hashes of them.
 *
 * @param args of the wrapper: one object, as Rails writes it
 * @returns `refused`, with the path, for a record or a serialized object
 */
export function railsArguments(
  args: readonly unknown[],
): { readonly args: readonly unknown[] } | { readonly refused: string } {
  const inside = (args[0] as { arguments?: unknown } | null | undefined)?.arguments
  if (!Array.isArray(inside)) return { refused: 'a Rails job without its "arguments"' }
  const problem = foreignIn(inside, 'arguments')
  if (problem !== null) return { refused: problem }
  return { args: inside.map(withoutMarks) }
}

function foreignIn(value: unknown, path: string): string | null {
  if (Array.isArray(value)) return firstProblem(value.map((one, index) => [one, `${path}[${index}]`]))
  if (typeof value !== 'object' || value === null) return null
  for (const [key, what] of FOREIGN) {
    if (!Object.hasOwn(value, key)) continue
    const which = String((value as Record<string, unknown>)[key])
    return `${path} is ${what}, ${JSON.stringify(which)}, which only Rails can read; send plain values`
  }
  return firstProblem(Object.entries(value).map(([key, inner]) => [inner, `${path}.${key}`]))
}

function firstProblem(values: ReadonlyArray<readonly [unknown, string]>): string | null {
  for (const [value, path] of values) {
    const problem = foreignIn(value, path)
    if (problem !== null) return problem
  }
  return null
}

function withoutMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarks)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => !HASH_MARKS.has(key))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutMarks(inner)]))
}

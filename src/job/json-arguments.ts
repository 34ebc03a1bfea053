import { UsageError } from '../kernel/errors.ts'

/**
 * `T` where JSON carries it, and `never` in each place of it where not: Dates, Maps, BigInts, functions and whatever has
 * methods. What the compiler lets pass, such as `unknown` or NaN, `checkArguments` refuses.
 */
export type Sendable<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends bigint | symbol | ((...args: never) => unknown)
    ? never
    : T extends object
      ? { [Key in keyof T]: Sendable<T[Key]> }
      : T

/** Ruby's parser gives up past 100 levels; the payload object and its `args` array are the first two. */
const MAX_DEPTH = 98

/**
 * Refuses arguments that would not come out of JSON as they went in: undefined, functions, symbols, BigInt,
 * NaN and infinities, class instances (Dates, Maps …), lone surrogates, cycles, and nesting past Ruby's limit.
 *
 * @throws UsageError `job.not_serializable`, naming the path (`args[0].user.born`), what is there and what to do
 */
export function checkArguments(job: string, args: readonly unknown[]): void {
  for (let index = 0; index < args.length; index++) {
    const problem = problemIn(args[index], 1)
    if (problem === null) continue
    throw new UsageError(
      'job.not_serializable',
      `${job}: args[${index}]${problem.path} is ${problem.found}. ` +
        'Arguments travel as JSON: pass strings, finite numbers, booleans, null, arrays and plain objects' +
        `${problem.cure === undefined ? '' : `; ${problem.cure}`}.`,
    )
  }
}

interface Problem {
  readonly path: string
  readonly found: string
  readonly cure?: string
}

function problemIn(value: unknown, depth: number): Problem | null {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
        ? null
        : { path: '', found: 'a string with half a surrogate pair', cure: 'use toWellFormed()' }
    case 'boolean':
      return null
    case 'number':
      return Number.isFinite(value) ? null : { path: '', found: String(value) }
    case 'bigint':
      return { path: '', found: 'a BigInt', cure: 'send it as a string' }
    case 'object':
      return value === null ? null : problemInObject(value, depth)
    default:
      return { path: '', found: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}` }
  }
}

function problemInObject(value: object, depth: number): Problem | null {
  // A cycle has no end, so it runs into the limit too: no set of visited objects is needed.
  if (depth > MAX_DEPTH) return { path: '', found: 'nested too deeply, or contains itself' }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = problemIn(value[index], depth + 1)
      if (problem !== null) return { ...problem, path: `[${index}]${problem.path}` }
    }
    return null
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return problemOfInstance(value)
  return problemInRecord(value as Record<string, unknown>, depth)
}

function problemInRecord(record: Record<string, unknown>, depth: number): Problem | null {
  for (const key of Object.keys(record)) {
    const problem = key.isWellFormed()
      ? problemIn(record[key], depth + 1)
      : { path: '', found: 'under a malformed key' }
    if (problem !== null) return { ...problem, path: `.${key}${problem.path}` }
  }
  return null
}

function problemOfInstance(value: object): Problem {
  const name = value.constructor?.name ?? 'unknown class'
  const cure = value instanceof Date ? 'send toISOString()' : 'send its fields as a plain object'
  return { path: '', found: `an instance of ${name}`, cure }
}

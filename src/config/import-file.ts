import { pathToFileURL } from 'node:url'
import { messageOf, UsageError } from '../kernel/errors.ts'

/**
 * Loads a module of the user's.
 * @throws UsageError `code`, with the place in the file where that is known, and what to do where that is
 */
export async function importFile(file: string, code: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    const place = placeOf(cause)
    const where = place === null ? file : `${file} (at ${place})`
    throw new UsageError(code, `${where} cannot be loaded: ${messageOf(cause)}${cureOf(messageOf(cause))}`, {
      cause,
    })
  }
}

/** `PATH:LINE` of the first place that a stack names in a file which is not part of an installed package. */
function placeOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const places = [...stack.matchAll(/file:\/\/(\/[^\s:]+:\d+)/g)].map(([, place]) => place!)
  const own = new URL('.', import.meta.url).pathname
  return places.find((place) => !place.includes('/node_modules/') && !place.startsWith(own)) ?? null
}

function cureOf(message: string): string {
  return message.includes('import statement outside a module')
    ? '; set "type": "module" in the package.json beside it'
    : ''
}

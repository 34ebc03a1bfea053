import { type Admin, type PlaceName, placeName, readPlace, SET_PLACES } from '../../admin/index.ts'
import { suggest } from '../../kernel/suggest.ts'
import { EXIT, type Problem } from '../output.ts'

/** At most so many names are listed in a message; more are no help. */
const LISTED = 12

export type Known<Name> = { readonly name: Name } | { readonly problem: Problem }

/** The place that a word means, or what to tell a person who mistyped it. */
export async function knownPlace(admin: Admin, word: string): Promise<Known<PlaceName>> {
  const place = readPlace(word)
  if (!('queue' in place)) return { name: placeName(place) }
  const queues = await admin.knownQueues()
  if (queues.includes(place.queue)) return { name: placeName(place) }
  const places = [...SET_PLACES, ...queues]
  const what = `there is no place or queue called "${place.queue}"`
  return { problem: unknown('place.unknown', what, { word: place.queue, names: places }) }
}

/** Likewise for a queue. */
export async function knownQueue(admin: Admin, word: string): Promise<Known<string>> {
  const queues = await admin.knownQueues()
  if (queues.includes(word)) return { name: word }
  return { problem: unknown('queue.unknown', `there is no queue called "${word}"`, { word, names: queues }) }
}

/** @param given the word, and the names that would have been understood */
export function unknown(
  code: string,
  what: string,
  { word, names }: { readonly word: string; readonly names: readonly string[] },
): Problem {
  const near = suggest(word, names)
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : ''
  return {
    ...{ code, what },
    expected:
      names.length === 0
        ? 'a known name; there are none yet'
        : `one of ${names.slice(0, LISTED).join(', ')}${more}`,
    ...(near === null ? {} : { next: `did you mean "${near}"?` }),
    exitCode: EXIT.nothingMatched,
  }
}

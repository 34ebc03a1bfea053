import type { EntryRef, Move, Place } from '../inspection.ts'
import { shaOf, type Trace, traceOf } from './entry-ref.ts'
import { type Ground, graveOf } from './ground.ts'
import { nextJobs } from './inspection.ts'
import { move as moveScript } from './scripts/move.ts'
import { readText } from './stored-text.ts'

// Jobs of a queue looked at in one go when an entry is searched.
const SEARCH_SIZE = 500

/** `Store.move`: finds the bytes first, then moves exactly these in one step. */
export const move =
  (ground: Ground) =>
  async (place: Place, ref: EntryRef, move: Move): Promise<boolean> => {
    const { client, keys } = ground
    client.demandOpen()
    const trace = traceOf(ref)
    const bytes = trace && (await find(ground, place, trace))
    if (!bytes) return false
    const from =
      'queue' in place
        ? { key: keys.queue(place.queue), score: '' }
        : { key: keys[place.set], score: trace.place }
    const to = destinationOf(move)
    // Where its text is not its bytes, whatever was made of the text must not replace them.
    const payload = readText(bytes).isExact ? to.payload : null
    const moved = await client.run(moveScript, {
      keys: [from.key, keys.queues, to.name === 'dead' ? keys.dead : keys.queue(to.queue)],
      args: [
        ...graveOf(ground, to.now),
        bytes,
        from.score,
        to.name,
        to.queue,
        payload === null ? '1' : '0',
        payload ?? '',
      ],
    })
    return moved === 1
  }

interface Destination {
  readonly name: Move['to']
  readonly queue: string
  readonly payload: string | null
  readonly now: number
}

function destinationOf(move: Move): Destination {
  const nothing = { name: move.to, queue: '', payload: null, now: 0 }
  return { ...nothing, ...move }
}

function find(ground: Ground, place: Place, trace: Trace): Promise<Buffer | null> {
  return 'queue' in place ? findInQueue(ground, place.queue, trace) : findInSet(ground, place.set, trace)
}

async function findInSet(
  { client, keys }: Ground,
  set: 'schedule' | 'retry' | 'dead',
  trace: Trace,
): Promise<Buffer | null> {
  const members = await client.command(['ZRANGEBYSCORE', keys[set], trace.place, trace.place], true)
  return (members as Buffer[]).find((bytes) => shaOf(bytes) === trace.sha) ?? null
}

/** From where it was seen towards the front, where it has moved as others ran; then the rest, for hand-backs. */
async function findInQueue(ground: Ground, queue: string, trace: Trace): Promise<Buffer | null> {
  const seenAt = Number(trace.place)
  const isIt = (bytes: Buffer) => shaOf(bytes) === trace.sha
  for (let end = seenAt + 1; end > 0; end -= SEARCH_SIZE) {
    const offset = Math.max(0, end - SEARCH_SIZE)
    const found = (await nextJobs(ground, queue, { offset, limit: end - offset })).findLast(isIt)
    if (found) return found
  }
  for (let offset = seenAt + 1; ; offset += SEARCH_SIZE) {
    const jobs = await nextJobs(ground, queue, { offset, limit: SEARCH_SIZE })
    const found = jobs.find(isIt)
    if (found) return found
    if (jobs.length < SEARCH_SIZE) return null
  }
}

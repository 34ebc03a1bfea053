import type { Entry, Page, Place } from '../inspection.ts'
import { refOf, shaOf } from './entry-ref.ts'
import type { Ground } from './ground.ts'
import { momentOf } from './score.ts'
import { clearQueue, clearSet } from './scripts/clear.ts'

/** `Store.list`. */
export const list =
  (ground: Ground) =>
  async (place: Place, page: Page): Promise<Entry[]> => {
    ground.client.demandOpen()
    if (page.limit <= 0) return []
    return 'queue' in place ? listQueue(ground, place.queue, page) : listSet(ground, place.set, page)
  }

/** `Store.clear`. */
export const clear =
  ({ client, keys }: Ground) =>
  async (place: Place): Promise<number> => {
    const size =
      'queue' in place
        ? await client.run(clearQueue, { keys: [keys.queue(place.queue), keys.queues], args: [place.queue] })
        : await client.run(clearSet, { keys: [keys[place.set]], args: [] })
    return size as number
  }

/** `Store.pause`. */
export const pause =
  ({ client, keys }: Ground) =>
  async (queue: string, paused: boolean): Promise<void> => {
    await client.command([paused ? 'SADD' : 'SREM', keys.paused, queue])
  }

async function listQueue(ground: Ground, queue: string, { offset, limit }: Page): Promise<Entry[]> {
  const jobs = await nextJobs(ground, queue, { offset, limit })
  return jobs.map((bytes, index) => ({
    ref: refOf({ place: String(offset + index), sha: shaOf(bytes) }),
    payload: bytes.toString(),
    at: null,
    reason: null,
  }))
}

/** Jobs of a queue, next to run first. The next to run is the last of the list. */
export async function nextJobs(
  { client, keys }: Ground,
  queue: string,
  { offset, limit }: Page,
): Promise<Buffer[]> {
  const range = ['LRANGE', keys.queue(queue), -(offset + limit), -(offset + 1)]
  return ((await client.command(range, true)) as Buffer[]).toReversed()
}

async function listSet(ground: Ground, set: 'schedule' | 'retry' | 'dead', page: Page): Promise<Entry[]> {
  const { client, keys } = ground
  const range = ['ZRANGE', keys[set], page.offset, page.offset + page.limit - 1, 'WITHSCORES']
  const flat = (await client.command(range, true)) as Buffer[]
  const shas: string[] = []
  const entries: Array<Omit<Entry, 'reason'>> = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const place = flat[at + 1]!.toString()
    const sha = shaOf(flat[at]!)
    shas.push(sha)
    entries.push({ ref: refOf({ place, sha }), payload: flat[at]!.toString(), at: momentOf(place) })
  }
  if (set !== 'dead' || entries.length === 0) return entries.map((entry) => ({ ...entry, reason: null }))
  const reasons = await client.command(['MGET', ...shas.map((sha) => keys.reasonPrefix + sha)])
  return entries.map((entry, index) => ({
    ...entry,
    reason: (reasons as Array<string | null>)[index] ?? null,
  }))
}

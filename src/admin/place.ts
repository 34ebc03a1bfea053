import { UsageError } from '../kernel/errors.ts'
import type { Place } from '../store/inspection.ts'

/** A place by its name: `running`, `retry`, `scheduled`, `dead`, or `queue:NAME`. */
export type PlaceName = string

/** Where a job can be: in one of the store's places, or in the hands of a worker. */
export type Whereabouts = Place | { readonly running: true }

/** The places that are no queues, in the order in which an operator looks at them. */
export const SET_PLACES: readonly PlaceName[] = ['running', 'retry', 'scheduled', 'dead']

const QUEUE_PREFIX = 'queue:'

/**
 * The place that a word means. A bare word that is no set is a queue; `queue:retry` is the queue called "retry".
 * Whether that queue exists is not asked.
 */
export function readPlace(word: string): Whereabouts {
  if (word === 'running') return { running: true }
  if (word === 'scheduled' || word === 'schedule') return { set: 'schedule' }
  if (word === 'retry' || word === 'dead') return { set: word }
  return { queue: word.startsWith(QUEUE_PREFIX) ? word.slice(QUEUE_PREFIX.length) : word }
}

/** The one name of a place; `readPlace` reads it back. */
export function placeName(place: Whereabouts): PlaceName {
  if ('running' in place) return 'running'
  if ('queue' in place) return `${QUEUE_PREFIX}${place.queue}`
  return place.set === 'schedule' ? 'scheduled' : place.set
}

/**
 * A place whose entries may be taken out.
 *
 * @throws UsageError `admin.running`: what runs belongs to its worker
 */
export function storedPlace(name: PlaceName): Place {
  const place = readPlace(name)
  if (!('running' in place)) return place
  throw new UsageError(
    'admin.running',
    'running jobs belong to their workers: expected a queue, retry, scheduled or dead',
  )
}

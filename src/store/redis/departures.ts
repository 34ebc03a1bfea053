import type { EpochMs } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import type { Recovered, RecoverRequest, Route } from '../transfer.ts'
import { byClaim, queueOf } from './claim-token.ts'
import { type Ground, graveOf } from './ground.ts'
import type { ScriptCall } from './script.ts'
import { CHANGED, depart as departScript, SPARED } from './scripts/depart.ts'
import { decodeHeld, heldJobs } from './scripts/held.ts'
import { readText } from './stored-text.ts'

// A worker that is taken for dead but works on changes its record between the look and the step.
const TRIES = 10

interface Departure {
  readonly identity: string
  readonly now: EpochMs
  /** Only when this was its last beat; null: whatever it did. */
  readonly beatAt: EpochMs | null
  readonly revise: (payload: string, queue: string) => Route
}

/** `Store.leave`. */
export const leave =
  (ground: Ground) =>
  async (identity: string, now: EpochMs): Promise<void> => {
    await depart(ground, { identity, now, beatAt: null, revise: asItIs })
  }

/** `Store.prepareToLeave`. */
export const prepareToLeave =
  (ground: Ground) =>
  async (identity: string, now: EpochMs): Promise<() => void> => {
    const departure = { identity, now, beatAt: null, revise: asItIs }
    const call = callFor(ground, departure, await held(ground, departure))
    return () => ground.client.runUnanswered(departScript, call)
  }

/** `Store.recover`. */
export const recover =
  (ground: Ground) =>
  (request: RecoverRequest): Promise<Recovered[] | null> =>
    depart(ground, request)

/** Looks at what the worker holds and decides; then does it in one step, unless something has changed meanwhile. */
async function depart(ground: Ground, departure: Departure): Promise<Recovered[] | null> {
  const { identity } = departure
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const jobs = await held(ground, departure)
    const outcome = await ground.client.run(departScript, callFor(ground, departure, jobs))
    if (outcome === SPARED) return null
    if (outcome !== CHANGED) return jobs.map(({ route, payload }) => ({ route, payload }))
  }
  throw new StoreError('store.not_stored', `the worker ${identity} goes on working; nothing was changed`, {
    retryable: true,
  })
}

const asItIs: Departure['revise'] = (_payload, queue) => ({ to: 'queue', queue, payload: null })

interface HeldJob {
  readonly token: string
  readonly payload: string
  readonly route: Route
}

async function held({ client, keys }: Ground, { identity, revise }: Departure): Promise<HeldJob[]> {
  const reply = await client.run(heldJobs, { keys: [keys.inFlight(identity)], args: [] }, true)
  return decodeHeld<Buffer>(reply)
    .map(([token, bytes]) => jobOf(token.toString(), bytes, revise))
    .toSorted((a, b) => byClaim(a.token, b.token))
}

function jobOf(token: string, bytes: Buffer, revise: Departure['revise']): HeldJob {
  const { text, isExact } = readText(bytes)
  const route = revise(text, queueOf(token) ?? '')
  // Its text is not its bytes: whatever was made of it must not replace them.
  return { token, payload: text, route: isExact ? route : { ...route, payload: null } }
}

function callFor(ground: Ground, { identity, now, beatAt }: Departure, jobs: HeldJob[]): ScriptCall {
  const { keys } = ground
  const lastFirst = jobs.toReversed()
  return {
    keys: [
      keys.work(identity),
      keys.oldWork(identity),
      keys.processes,
      keys.workers,
      keys.inFlight(identity),
      keys.queues,
      keys.dead,
      ...lastFirst.map(({ route }) => (route.to === 'dead' ? keys.dead : keys.queue(route.queue))),
    ],
    args: [
      ...graveOf(ground, now),
      identity,
      beatAt === null ? '' : String(beatAt),
      jobs.length,
      ...lastFirst.flatMap(({ token, route }) => [
        token,
        route.to,
        route.to === 'dead' ? route.reason : route.queue,
        route.payload === null ? '1' : '0',
        route.payload ?? '',
      ]),
    ],
  }
}

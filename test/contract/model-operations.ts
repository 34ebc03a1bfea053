import type { EpochMs } from '../../src/kernel/clock.ts'
import { type Random, seededRandom } from '../../src/kernel/random.ts'
import type { Settlement } from '../../src/store/exchange.ts'
import type { Move, Place } from '../../src/store/inspection.ts'
import type { PushBatch, Route } from '../../src/store/transfer.ts'
import type { Beat } from '../../src/store/worker-record.ts'
import { type ModelSide, withoutRefs } from './model-side.ts'
import { beatOf, T0 } from './stage.ts'

/** One step of a history: runs on either side and returns what every store must answer alike. */
export interface Operation {
  readonly name: string
  readonly run: (side: ModelSide) => Promise<unknown>
}

const QUEUES = ['a', 'b', 'c'] as const
const SETS = ['schedule', 'retry', 'dead'] as const

/** The history so far and the chance that continues it. Everything random is drawn here, once for both sides. */
export class ModelWorld {
  readonly random: Random
  now: EpochMs = T0
  /** How many claims were handed out so far. */
  claimed = 0
  readonly batches: PushBatch[] = []
  /** The last beat of every worker that is registered, as far as the history tells. */
  readonly beats = new Map<string, Beat>()
  readonly identities = ['w:1:aaaaaaaaaaaa', 'w:2:bbbbbbbbbbbb', 'w:3:cccccccccccc']
  #serial = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  below(bound: number): number {
    return Math.floor(this.random.float() * bound)
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  chance(share: number): boolean {
    return this.random.float() < share
  }

  /** Time passes: at least a millisecond, so that no two operations share a moment. */
  tick(): EpochMs {
    this.now += 1 + this.below(2_000)
    return this.now
  }

  serial(): number {
    this.#serial += 1
    return this.#serial
  }

  /** A moment that no other job waits for, so that the order of promotion is no matter of taste. */
  soon(): EpochMs {
    return this.now - 1_000 + this.below(10) * 1_000 + this.serial() / 1_000
  }

  /** A payload that exists once; `via` says how it got where it is. */
  payload(via: string): string {
    return `{"class":"Model","args":[${this.serial()}],  "via":"${via}"}`
  }
}

type Draw = (world: ModelWorld) => Operation

/** How often each operation comes, relative to the others. */
const DRAWS: ReadonlyArray<readonly [weight: number, draw: Draw]> = [
  [8, drawPush],
  [2, drawRepeatedPush],
  [12, drawClaims],
  [9, drawSettlements],
  [2, drawHandBack],
  [7, drawBeat],
  [1, drawRepeatedBeat],
  [1, drawLeave],
  [3, drawRecover],
  [4, drawPromote],
  [5, drawMove],
  [2, drawPage],
  [1, drawClear],
  [2, drawPause],
  [1, drawSignal],
]

export function drawOperation(world: ModelWorld): Operation {
  world.tick()
  let ticket = world.below(DRAWS.reduce((sum, [weight]) => sum + weight, 0))
  for (const [weight, draw] of DRAWS) {
    ticket -= weight
    if (ticket < 0) return draw(world)
  }
  throw new RangeError('the weights do not add up')
}

function drawPush(world: ModelWorld): Operation {
  const jobs = Array.from({ length: 1 + world.below(5) }, () => {
    const at = world.chance(0.3) ? world.soon() : null
    return { queue: world.pick(QUEUES), payload: world.payload(at === null ? 'push' : 'schedule'), at }
  })
  const batch = { token: `token-${world.serial()}`, now: world.now, jobs }
  world.batches.push(batch)
  return { name: `push ${jobs.length}`, run: (side) => side.store.push(batch) }
}

function drawRepeatedPush(world: ModelWorld): Operation {
  const batch = world.batches.at(-1 - world.below(3))
  // An older one might have been forgotten by one side and not by the other.
  if (batch === undefined || world.now - batch.now > 60_000) return drawPush(world)
  const repeat = { ...batch, now: world.now }
  return { name: 'push again', run: (side) => side.store.push(repeat) }
}

function drawClaims(world: ModelWorld): Operation {
  const identity = world.pick(world.identities)
  const queues = [...QUEUES, 'promoted', 'retried']
    .map((queue) => ({ queue, rank: world.random.float() }))
    .toSorted((one, other) => one.rank - other.rank)
    .slice(world.below(3))
    .map(({ queue }) => queue)
  const request = { identity, now: world.now, settle: [], queues, count: 1 + world.below(5) }
  return { name: `claim ${request.count} from ${queues}`, run: exchangeWith(request) }
}

function drawSettlements(world: ModelWorld): Operation {
  const settle = Array.from({ length: 1 + world.below(4) }, () => drawSettlement(world))
  const count = world.below(3)
  const request = {
    identity: world.pick(world.identities),
    now: world.now,
    settle,
    queues: ['a', 'b'],
    count,
  }
  return { name: `settle ${settle.map(({ to }) => to)} and claim ${count}`, run: exchangeWith(request) }
}

/** Alone, because the order among several handed back in one exchange is promised by nobody. */
function drawHandBack(world: ModelWorld): Operation {
  const settle = [{ claim: drawClaim(world), to: 'queue', payload: drawBytes(world) } as const]
  const request = { identity: world.pick(world.identities), now: world.now, settle, queues: ['a'], count: 0 }
  return { name: 'hand back', run: exchangeWith(request) }
}

type NumberedSettlement = Settlement extends infer Each
  ? Each extends Settlement
    ? Omit<Each, 'token'> & { readonly claim: number }
    : never
  : never

interface NumberedRequest {
  readonly identity: string
  readonly now: EpochMs
  readonly settle: readonly NumberedSettlement[]
  readonly queues: readonly string[]
  readonly count: number
}

const exchangeWith = (request: NumberedRequest) => async (side: ModelSide) => {
  const settle = request.settle.map(
    ({ claim, ...settlement }) => ({ ...settlement, token: side.token(claim) ?? 'never-seen' }) as Settlement,
  )
  const reply = await side.store.exchange({ ...request, settle })
  return {
    registered: reply.registered,
    claims: side.claims(reply.claims),
    refused: reply.refused.map((token) => (token === 'never-seen' ? token : side.numberOf(token))).toSorted(),
    paused: reply.paused.toSorted(),
  }
}

/** A recent claim; whose it is and whether it was settled is left to chance. */
function drawClaim(world: ModelWorld): number {
  return Math.max(0, world.claimed - 1 - world.below(8))
}

function drawBytes(world: ModelWorld): string | null {
  return world.chance(0.5) ? null : world.payload('revised')
}

function drawSettlement(world: ModelWorld): NumberedSettlement {
  const claim = drawClaim(world)
  const to = world.pick(['done', 'done', 'retry', 'schedule', 'dead'] as const)
  if (to === 'done') return { claim, to }
  if (to === 'dead') return { claim, to, payload: drawBytes(world), reason: world.pick([null, 'odd']) }
  return { claim, to, payload: world.payload(to), at: world.soon() }
}

function drawBeat(world: ModelWorld): Operation {
  const identity = world.pick(world.identities)
  const beat = beatOf(identity, {
    now: world.now,
    quiet: world.chance(0.2),
    processed: world.below(5),
    failed: world.below(2),
    rssKib: world.below(90_000),
  })
  const claims = world.claimed > 0 && world.chance(0.5) ? [drawClaim(world)] : []
  world.beats.set(identity, beat)
  return { name: 'beat', run: beatWith(beat, claims) }
}

function drawRepeatedBeat(world: ModelWorld): Operation {
  const [beat] = world.beats.values()
  return beat === undefined ? drawBeat(world) : { name: 'beat again', run: beatWith(beat, []) }
}

const beatWith = (beat: Beat, claims: readonly number[]) => async (side: ModelSide) => {
  const running = claims.map((claim) => ({
    token: side.token(claim),
    queue: 'a',
    payload: `{"ran":${claim}}`,
    startedAt: beat.now - 5,
  }))
  const reply = await side.store.heartbeat({ ...beat, running })
  return { signal: reply.signal, inFlight: reply.inFlight.map((token) => side.numberOf(token)).toSorted() }
}

function drawLeave(world: ModelWorld): Operation {
  const { identities, now } = world
  const place = world.below(identities.length)
  const identity = identities[place]!
  // An identity has a nonce in it: whoever left never comes back under the same one.
  identities[place] = `w:${place + 1}:${String(world.serial()).padStart(12, '0')}`
  world.beats.delete(identity)
  return { name: 'leave', run: (side) => side.store.leave(identity, now) }
}

function drawRecover(world: ModelWorld): Operation {
  const identity = world.pick(world.identities)
  const last = world.beats.get(identity)?.now ?? world.now
  const isStale = world.chance(0.3)
  const request = { identity, now: world.now, beatAt: isStale ? last - 1 : last, revise: routeOf('a') }
  if (!isStale) world.beats.delete(identity)
  return {
    name: `recover ${isStale ? 'one that has beaten since' : 'a dead one'}`,
    run: async (side) =>
      (await side.store.recover(request))?.toSorted((one, other) => (one.payload < other.payload ? -1 : 1)) ??
      null,
  }
}

/** The two sets go to different queues, for the order between them is promised by nobody. */
function drawPromote(world: ModelWorld): Operation {
  const { now } = world
  const route = (payload: string) =>
    routeOf(payload.includes('"via":"retry"') ? 'retried' : 'promoted')(payload)
  return { name: 'promote', run: (side) => side.store.promote({ now, limit: 1_000, route }) }
}

/** Pure: by the digits of the payload to `queue`, with new bytes or as it is, or to the dead set. */
const routeOf =
  (queue: string) =>
  (payload: string, claimedFrom = queue): Route => {
    const kind = Number(/\d+/.exec(payload)?.[0] ?? 0) % 7
    if (kind === 0) return { to: 'dead', payload: null, reason: 'routed to death' }
    if (kind === 1) return { to: 'queue', queue, payload: payload.replace('}', ',"routed":true}') }
    return { to: 'queue', queue: claimedFrom, payload: null }
  }

function drawPlace(world: ModelWorld): Place {
  return world.chance(0.5) ? { queue: world.pick(QUEUES) } : { set: world.pick(SETS) }
}

function drawMove(world: ModelWorld): Operation {
  const place = drawPlace(world)
  const index = world.below(4)
  const moves: readonly Move[] = [
    { to: 'nowhere' },
    { to: 'queue', queue: world.pick(QUEUES), payload: drawBytes(world) },
    { to: 'dead', payload: drawBytes(world), now: world.now },
  ]
  const move = world.pick(moves)
  // The same bytes at the back of the same queue: where an entry is its bytes, the reference still finds it.
  const isRenewal =
    move.to === 'queue' && move.payload === null && 'queue' in place && place.queue === move.queue
  return {
    name: `move ${index} of ${JSON.stringify(place)} to ${move.to}`,
    run: async (side) => {
      const entry = (await side.entries(place))[index]
      if (entry === undefined) return 'no such entry'
      const isMoved = await side.store.move(place, entry.ref, move)
      return isRenewal ? [isMoved] : [isMoved, await side.store.move(place, entry.ref, move)]
    },
  }
}

function drawPage(world: ModelWorld): Operation {
  // Not the dead set: entries that died together may stand on either side of a page's edge.
  const place: Place = world.chance(0.6)
    ? { queue: world.pick(QUEUES) }
    : { set: world.pick(['schedule', 'retry'] as const) }
  const page = { offset: world.below(4), limit: world.below(5) }
  return {
    name: `list ${JSON.stringify({ place, page })}`,
    run: async (side) => withoutRefs(await side.store.list(place, page)),
  }
}

function drawClear(world: ModelWorld): Operation {
  const place = drawPlace(world)
  return { name: `clear ${JSON.stringify(place)}`, run: (side) => side.store.clear(place) }
}

function drawPause(world: ModelWorld): Operation {
  const queue = world.pick(QUEUES)
  const paused = world.chance(0.4)
  return { name: `pause ${queue} ${paused}`, run: (side) => side.store.pause(queue, paused) }
}

function drawSignal(world: ModelWorld): Operation {
  const [identity] = world.beats.keys()
  const signal = world.pick(['TSTP', 'TERM', 'TTIN'] as const)
  if (identity === undefined) return drawBeat(world)
  return { name: `signal ${signal}`, run: (side) => side.store.signal(identity, signal) }
}

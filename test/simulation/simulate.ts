import { MemoryState } from '../../src/store/memory/memory-state.ts'
import { SimClock } from '../../src/testing/sim-clock.ts'
import { Chance } from './chance.ts'
import { Chaos } from './chaos.ts'
import { Fleet, type World } from './fleet.ts'
import { Ledger } from './ledger.ts'
import { FAIR } from './link.ts'
import { Machine } from './machine.ts'
import { type Mutant, SOUND } from './mutants.ts'
import { Orders } from './orders.ts'
import { verify } from './verify.ts'

/** While so long, faults and jobs come; simulated time. */
const TROUBLE_MS = 150_000

/** A dead worker whose clock was far ahead is recovered last: its lease and the difference of two clocks. */
const RECOVERY_MS = 700_000
const LOOK_EVERY_MS = 5_000

/** Between machines: each is up to so far off. */
const MOST_SKEW_MS = 90_000

const MACHINES = 3

export interface Simulation {
  readonly seed: number
  readonly ledger: Ledger
}

/** Runs the history of one seed to its end. What it broke is in the ledger. */
export async function simulate(seed: number, mutant: Mutant = SOUND): Promise<Simulation> {
  const chance = new Chance(seed)
  const clock = new SimClock({ settleTurns: 1 })
  const state = new MemoryState()
  const ledger: Ledger = new Ledger({
    state,
    elapsedMs: () => clock.mono(),
    recovered: (identity) => fleet.recovered(identity),
  })
  const world: World = { clock, state, weather: { ...FAIR }, chance, ledger, mutant }
  const fleet = new Fleet(world)
  const machines = Array.from(
    { length: MACHINES },
    (_, index) => new Machine(`host-${index + 1}`, clock, drawSkew(chance)),
  )
  const chaos = new Chaos({ world, fleet, machines })
  const orders = new Orders(world)
  const under = [...(await trouble(world, chaos, orders)), chaos.calm()]
  const isOver = await settle(world, fleet, Promise.all(under))
  if (!isOver) ledger.break('the fleet did not come to rest')
  const gone = Promise.all(fleet.working().map((member) => fleet.stop(member)))
  await clock.run(gone, { forMs: RECOVERY_MS })
  verify(world, fleet)
  return { seed, ledger }
}

function drawSkew(chance: Chance): number {
  return chance.happens(0.4) ? 0 : chance.int(-MOST_SKEW_MS, MOST_SKEW_MS)
}

/** Lets jobs and faults come at random moments. Returns what is still under way. */
async function trouble({ clock, chance }: World, chaos: Chaos, orders: Orders): Promise<Promise<void>[]> {
  const under = Array.from({ length: chance.int(2, 4) }, () => chaos.join())
  const order = () =>
    chance.happens(0.15) ? orders.enqueueMany(chance.int(2, 4)) : orders.enqueue(chance.int(1, 3))
  const events = [
    ...Array.from({ length: chance.int(8, 16) }, () => order),
    ...Array.from({ length: chance.int(3, 9) }, () => () => chaos.strike()),
  ].map((event) => ({ event, atMs: chance.int(0, TROUBLE_MS) }))
  for (const { event, atMs } of events.sort((a, b) => a.atMs - b.atMs)) {
    await clock.advance(atMs - clock.mono())
    under.push(event())
  }
  await clock.advance(TROUBLE_MS - clock.mono())
  return under
}

/** Lets time pass until every job has ended and every dead worker was recovered. */
async function settle(world: World, fleet: Fleet, under: Promise<unknown>): Promise<boolean> {
  const { clock, state } = world
  let isOver = false
  void under.then(() => {
    isOver = true
  })
  const endsAtMs = clock.mono() + RECOVERY_MS
  const living = () => new Set(fleet.working().map(({ worker }) => worker.info.identity))
  const isResting = () =>
    isOver &&
    fleet.members.every(({ phase }) => phase !== 'leaving' && phase !== 'starting') &&
    [...state.queues.values(), state.sets.schedule, state.sets.retry].every(
      (entries) => entries.length === 0,
    ) &&
    [...state.workers].every(([identity, { inFlight }]) => inFlight.size === 0 && living().has(identity))
  while (!isResting() && clock.mono() < endsAtMs) await clock.advance(LOOK_EVERY_MS)
  return isResting()
}

import type { CapsuleInfo } from '../../src/store/worker-record.ts'
import type { Chance } from './chance.ts'
import { type Fleet, type Member, QUEUES, type World } from './fleet.ts'
import { FAIR } from './link.ts'
import type { Machine } from './machine.ts'

export interface ChaosParams {
  readonly world: World
  readonly fleet: Fleet
  readonly machines: readonly Machine[]
}

const MOST_RUNS_AT_ONCE = 4

/** Things that happen to a fleet. Each promise resolves when its event is over; `calm` ends them all. */
export class Chaos {
  readonly #params: ChaosParams
  readonly #chance: Chance
  #calmed = false
  #isLongOutageOver = false

  constructor(params: ChaosParams) {
    this.#params = params
    this.#chance = params.world.chance.fork()
  }

  /** One event, drawn by weight. */
  async strike(): Promise<void> {
    const { ledger } = this.#params.world
    const drawn = this.#chance.int(1, 100)
    const [name, event] = EVENTS.find(([, , upTo]) => drawn <= upTo) ?? EVENTS[0]!
    ledger.meet(name)
    ledger.note('chaos', name)
    await this.#event[event]()
  }

  /** From now on nothing fails. */
  async calm(): Promise<void> {
    const { world, fleet, machines } = this.#params
    this.#calmed = true
    Object.assign(world.weather, FAIR)
    for (const member of fleet.members) {
      member.cutOff = false
      member.process.resume()
    }
    for (const queue of QUEUES) world.state.paused.delete(queue)
    await fleet.start(this.#chance.pick(machines), [capsule('last', QUEUES, MOST_RUNS_AT_ONCE)])
  }

  join(): Promise<void> {
    const { fleet, machines } = this.#params
    return fleet.start(this.#chance.pick(machines), this.#capsules())
  }

  readonly #event = {
    crash: () => this.#withVictim((victim) => this.#crash(victim, this.#chance.happens(0.6))),
    reboot: () => this.#reboot(),
    pause: () => this.#withVictim((victim) => this.#pause(victim)),
    cutOff: () => this.#withVictim((victim) => this.#cutOff(victim)),
    stop: () => this.#withVictim((victim) => this.#stop(victim)),
    replace: () => this.#replace(),
    join: () => this.join(),
    shortOutage: () => this.#outage(this.#chance.int(100, 8_000)),
    longOutage: () => this.#longOutage(),
    mute: () => this.#mute(),
    storm: () => this.#storm(),
    pauseQueue: () => this.#pauseQueue(),
  } as const

  async #withVictim(strike: (victim: Member) => Promise<void>): Promise<void> {
    const working = this.#params.fleet.working().filter(({ process }) => !process.isPaused)
    if (working.length > 0) await strike(this.#chance.pick(working))
  }

  async #crash(victim: Member, returns: boolean): Promise<void> {
    this.#params.fleet.kill(victim)
    if (!returns) return
    await this.#params.world.clock.sleep(this.#chance.int(200, 8_000))
    if (!this.#calmed) await this.#params.fleet.start(victim.machine, victim.worker.info.capsules)
  }

  async #reboot(): Promise<void> {
    const { fleet, machines, world } = this.#params
    const machine = this.#chance.pick(machines)
    for (const member of fleet.members) {
      if (member.machine === machine && member.phase !== 'left' && member.phase !== 'dead') fleet.kill(member)
    }
    machine.reboot()
    await world.clock.sleep(this.#chance.int(5_000, 30_000))
    if (!this.#calmed) await fleet.start(machine, this.#capsules())
  }

  async #pause(victim: Member): Promise<void> {
    const ms = this.#chance.happens(0.7) ? this.#chance.int(70_000, 110_000) : this.#chance.int(1_000, 20_000)
    victim.process.pause(this.#chance.happens(0.5))
    await this.#params.world.clock.sleep(ms)
    victim.process.resume()
    this.#params.world.ledger.note(victim.process.name, 'goes on')
  }

  async #cutOff(victim: Member): Promise<void> {
    victim.cutOff = true
    await this.#params.world.clock.sleep(this.#chance.int(2_000, 90_000))
    victim.cutOff = false
  }

  async #stop(victim: Member): Promise<void> {
    const { fleet, world } = this.#params
    if (this.#chance.happens(0.3)) {
      victim.worker.quiet()
      await world.clock.sleep(this.#chance.int(100, 10_000))
    }
    const stopped = fleet.stop(victim)
    if (this.#chance.happens(0.3)) {
      await world.clock.sleep(this.#chance.int(0, 3_000))
      victim.worker.hurry()
    }
    await stopped
  }

  /** As a deploy does it: the new one first. */
  async #replace(): Promise<void> {
    await this.join()
    if (!this.#calmed) await this.#withVictim((victim) => this.#stop(victim))
  }

  async #outage(ms: number): Promise<void> {
    const { weather, clock } = this.#params.world
    weather.outage = true
    await clock.sleep(ms)
    weather.outage = false
  }

  async #longOutage(): Promise<void> {
    const isSecond = this.#isLongOutageOver
    this.#isLongOutageOver = true
    await this.#outage(isSecond ? 1_000 : this.#chance.int(61_000, 80_000))
  }

  async #mute(): Promise<void> {
    const { weather, clock } = this.#params.world
    weather.mute = clock.sleep(this.#chance.int(3_000, 25_000))
    await weather.mute
    weather.mute = null
  }

  async #storm(): Promise<void> {
    const { weather, clock } = this.#params.world
    const rates = { before: 0.1, after: 0.15, lost: 0.05, slow: 0.1 }
    Object.assign(weather, rates)
    await clock.sleep(this.#chance.int(5_000, 40_000))
    Object.assign(weather, { ...FAIR, outage: weather.outage, mute: weather.mute })
  }

  async #pauseQueue(): Promise<void> {
    const { state, clock } = this.#params.world
    const queue = this.#chance.pick(QUEUES)
    state.paused.add(queue)
    await clock.sleep(this.#chance.int(500, 15_000))
    state.paused.delete(queue)
  }

  #capsules(): CapsuleInfo[] {
    const concurrency = this.#chance.int(1, MOST_RUNS_AT_ONCE)
    if (this.#chance.happens(0.7)) return [capsule('all', QUEUES, concurrency)]
    return [capsule('most', QUEUES.slice(1), concurrency), capsule('rest', QUEUES.slice(0, 1), 1)]
  }
}

/** Name, event, and the highest draw of 1 to 100 that means it. */
const EVENTS = [
  ['crash', 'crash', 15],
  ['reboot', 'reboot', 19],
  ['pause', 'pause', 36],
  ['cut off', 'cutOff', 44],
  ['stop', 'stop', 55],
  ['replace', 'replace', 62],
  ['join', 'join', 67],
  ['short outage', 'shortOutage', 73],
  ['long outage', 'longOutage', 77],
  ['mute', 'mute', 85],
  ['storm', 'storm', 95],
  ['queue paused', 'pauseQueue', 100],
] as const

function capsule(name: string, queues: readonly string[], concurrency: number): CapsuleInfo {
  return { name, concurrency, mode: 'random', weights: Object.fromEntries(queues.map((queue) => [queue, 1])) }
}

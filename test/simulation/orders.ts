import { Client, type EnqueueOptions } from '../../src/client/client.ts'
import { EnqueueError } from '../../src/client/pusher.ts'
import type { Definition } from '../../src/job/definition.ts'
import { CapstanError } from '../../src/kernel/errors.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { TOKEN_MS } from '../../src/store/transfer.ts'
import type { Chance } from './chance.ts'
import { connection, jobWorld, QUEUES, type World } from './fleet.ts'
import { definitionsFor, type KindName } from './job-kinds.ts'
import type { JobEntry } from './ledger.ts'
import { link } from './link.ts'
import { SimProcess } from './sim-process.ts'

/** Ordinary jobs come more often than strange ones; poison is drawn apart. */
const KIND_NAMES: readonly KindName[] = [
  'steady',
  'steady',
  'polite',
  'polite',
  'instant',
  'fails',
  'fails',
  'hangs',
  'snoozes',
  'discards',
  'kills',
  'failsOnce',
  'failsUnburied',
  'expires',
]

const LONGEST_RUN_MS = 9_000
/** Some jobs are long: a pause, a drain or a lease ends under them. */
const LONG_RUN_MS = 60_000
const LONG_PROBABILITY = 0.25
const LONGEST_DELAY_MS = 40_000
const LONGEST_PAUSE_MS = 2_000

/** A repeat must reach the store while it remembers the token; a slow call may take its time. */
const REPEAT_FOR_MS = TOKEN_MS - 20_000

const POISON_PROBABILITY = 0.01

/** Enqueues jobs, and does what its errors say. */
export class Orders {
  readonly #world: World
  readonly #chance: Chance
  readonly #client: Client
  readonly #process: SimProcess
  readonly #definitions: Map<KindName, Definition>
  #drawn = 0

  constructor(world: World) {
    const { clock, weather, ledger, mutant } = world
    this.#world = world
    this.#chance = world.chance.fork()
    this.#process = new SimProcess({
      name: 'client',
      clock,
      leaks: (listeners) => ledger.break(`the client leaves ${listeners} listeners on one signal`),
    })
    const watched = link(connection(world, 'client'), {
      process: this.#process,
      clock,
      weather,
      chance: world.chance.fork(),
      isCutOff: () => false,
    })
    const runtime = { clock, random: world.chance.fork().random, logger: silentLogger }
    this.#client = new Client(runtime, mutant.client(watched))
    this.#definitions = definitionsFor(jobWorld(world, clock, () => undefined))
  }

  /** Enqueues `count` jobs in the same turn of the event loop; resolves when the fate of each is known. */
  async enqueue(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#one(this.#draw())))
  }

  /** Enqueues `count` jobs in one call. */
  async enqueueMany(count: number): Promise<void> {
    const first = this.#draw()
    const rest = Array.from({ length: count - 1 }, () => this.#draw(first.plan.kind))
    const entries = [first, ...rest]
    const rows = entries.map(({ plan }) => [plan.name, plan])
    try {
      await this.#client.enqueueMany(this.#definition(first), rows, { queue: first.plan.queue })
      for (const entry of entries) this.#answer(entry, 'stored')
    } catch (error) {
      for (const entry of entries) this.#answer(entry, isUnknown(error) ? 'unknown' : 'not stored')
    }
  }

  async #one(entry: JobEntry): Promise<void> {
    const { clock } = this.#world
    const at = this.#chance.happens(0.25) ? clock.now() + this.#chance.int(0, LONGEST_DELAY_MS) : null
    const givesUpAt = clock.mono() + REPEAT_FOR_MS
    const isPatient = this.#chance.happens(0.8)
    const options: EnqueueOptions = { queue: entry.plan.queue, at }
    let error = await this.#try(entry, options)
    // Once unknown it stays so until a repeat is answered: that a repeat was not stored says nothing of the first.
    let isUnsure = isUnknown(error)
    while (error !== null && isUnsure && isPatient && clock.mono() < givesUpAt) {
      await clock.sleep(this.#chance.int(0, LONGEST_PAUSE_MS))
      this.#world.ledger.meet('repeated with its token')
      error = await this.#try(entry, { ...options, token: error.token })
      isUnsure ||= isUnknown(error)
    }
    this.#answer(entry, error === null ? 'stored' : isUnsure ? 'unknown' : 'not stored')
  }

  async #try(entry: JobEntry, options: EnqueueOptions): Promise<EnqueueError | null> {
    try {
      await this.#client.enqueue(this.#definition(entry), [entry.plan.name, entry.plan], options)
      return null
    } catch (error) {
      if (error instanceof EnqueueError) return error
      throw error
    }
  }

  #answer(entry: JobEntry, answer: JobEntry['answer']): void {
    entry.answer = answer
    this.#world.ledger.meet(`enqueue: ${answer}`)
    this.#world.ledger.note('client', `is told that ${entry.plan.name} is ${answer}`)
  }

  #definition({ plan }: JobEntry): Definition {
    return this.#definitions.get(plan.kind)!
  }

  #draw(kind: KindName = this.#drawKind()): JobEntry {
    this.#drawn += 1
    return this.#world.ledger.add({
      name: `${kind}-${this.#drawn}`,
      kind,
      queue: this.#chance.pick(QUEUES),
      runMs: this.#chance.int(0, this.#chance.happens(LONG_PROBABILITY) ? LONG_RUN_MS : LONGEST_RUN_MS),
      troubles: this.#chance.int(0, 3),
    })
  }

  #drawKind(): KindName {
    return this.#chance.happens(POISON_PROBABILITY) ? 'poison' : this.#chance.pick(KIND_NAMES)
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof CapstanError && error.code === 'store.unknown'
}

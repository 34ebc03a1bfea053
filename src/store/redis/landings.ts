import type { Clock, MonoMs } from '../../kernel/clock.ts'
import type { Ground } from './ground.ts'
import { returnLanded } from './scripts/landing.ts'

/** A wait on the server ends after this long: a job can land with a worker that is gone no later than that. Below the lease. */
export const BLOCK_SECONDS = 30
export const BLOCK_MS = BLOCK_SECONDS * 1_000
/** Clocks and networks are not exact. */
export const MARGIN_MS = 5_000

/** What a wait left in its landing list: nothing, perhaps a job, or what nobody knows and may still come. */
export type Leftover = 'emptied' | 'left' | 'lost'

interface Landing {
  /** Waits on the server whose end is not known. */
  waits: number
  /** How many waits ever began. */
  begun: number
  /** Of these, how many an exchange has looked after when all of them were over. */
  checked: number
  /** Until when a wait whose connection was lost may still be served. */
  lostUntil: MonoMs | null
}

/** One look into the landing lists of a worker by an exchange. */
export interface Look {
  /** The exchange was answered: what lay there when it was sent is taken or handed back. */
  found(): void
}

/**
 * Knows which landing lists may hold a job.
 *
 * A job that ends a wait lands in a list of its worker and queue, in the same step in which it leaves the queue; the
 * call behind the wait takes it from there, or else the worker's next exchange. This memory only saves looks into empty
 * lists. What it does not know, after a restart or a lost answer, is in the worker's set of landings, which beats,
 * recoveries and leaves go through.
 */
export class Landings {
  readonly #clock: Clock
  readonly #ground: Ground
  readonly #workers = new Map<string, Map<string, Landing>>()

  constructor(clock: Clock, ground: Ground) {
    this.#clock = clock
    this.#ground = ground
  }

  /** Makes the worker's set of landings name these queues. Must be done before a wait for them. */
  async announce(identity: string, queues: readonly string[]): Promise<void> {
    const known = this.#workers.get(identity)
    const unknown = queues.filter((queue) => !known?.has(queue))
    if (unknown.length === 0) return
    const { client, keys } = this.#ground
    await client.command(['SADD', keys.landings(identity), ...unknown])
    const landings = this.#workers.get(identity) ?? new Map<string, Landing>()
    this.#workers.set(identity, landings)
    for (const queue of unknown) {
      if (!landings.has(queue)) landings.set(queue, { waits: 0, begun: 0, checked: 0, lostUntil: null })
    }
  }

  /** A wait begins. The function returned tells what it left in its landing list. */
  begin(identity: string, queue: string): (left: Leftover) => void {
    const landing = this.#workers.get(identity)!.get(queue)!
    landing.waits += 1
    landing.begun += 1
    return (leftover) => {
      landing.waits -= 1
      if (leftover === 'lost') landing.lostUntil = (this.#clock.mono() + BLOCK_MS + MARGIN_MS) as MonoMs
      if (leftover === 'emptied' && this.#isOver(landing)) landing.checked = landing.begun
    }
  }

  /** null when nothing can have landed in these queues. */
  look(identity: string, queues: readonly string[]): Look | null {
    const landings = this.#workers.get(identity)
    if (landings === undefined) return null
    const suspects = queues.flatMap((queue) => {
      const landing = landings.get(queue)
      return landing === undefined || landing.begun === landing.checked ? [] : [landing]
    })
    if (suspects.length === 0) return null
    const over = suspects
      .filter((landing) => this.#isOver(landing))
      .map((landing) => [landing, landing.begun] as const)
    return {
      found: () => {
        for (const [landing, begun] of over) landing.checked = begun
      },
    }
  }

  /** Hands back what landed with a worker that does not want it now. */
  async giveBack(identity: string): Promise<void> {
    const { client, keys } = this.#ground
    await client.run(returnLanded, {
      keys: [keys.landings(identity), keys.queues],
      args: [keys.landingPrefix(identity), keys.queuePrefix],
    })
  }

  /** Whether no job can land any more from the waits that have begun. */
  #isOver({ waits, lostUntil }: Landing): boolean {
    return waits === 0 && (lostUntil === null || this.#clock.mono() > lostUntil)
  }
}

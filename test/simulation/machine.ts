import type { Clock } from '../../src/kernel/clock.ts'
import type { SimClock } from '../../src/testing/sim-clock.ts'
import type { Host } from '../../src/worker/index.ts'

/** A host with its own wall clock, its boots, and the processes that live on it. */
export class Machine {
  readonly hostname: string
  readonly clock: Clock
  readonly #alive = new Set<number>()
  #boot = 1
  #lastPid = 100

  constructor(hostname: string, clock: SimClock, skewMs: number) {
    this.hostname = hostname
    this.clock = clock.skewed(skewMs)
  }

  /** What a new process sees of the machine. */
  newProcess(): Host {
    this.#lastPid += 1
    const pid = this.#lastPid
    const bootId = this.#bootId()
    this.#alive.add(pid)
    return {
      hostname: this.hostname,
      pid,
      bootId,
      processStart: `start-of-${pid}`,
      rssKib: () => 50_000,
      stateOf: (worker) => {
        if (worker.hostname !== this.hostname || worker.bootId !== bootId) return 'unknown'
        return this.#alive.has(worker.pid) ? 'alive' : 'gone'
      },
    }
  }

  ended(pid: number): void {
    this.#alive.delete(pid)
  }

  reboot(): void {
    this.#alive.clear()
    this.#boot += 1
  }

  #bootId(): string {
    return `${this.hostname}-boot-${this.#boot}`
  }
}

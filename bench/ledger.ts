/** CPU time of this process so far, user and system, microseconds. */
const cpuUs = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Of the clock that all processes of a machine share, milliseconds. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

export interface LedgerReport {
  /** When the first job began and the last ended, on the machine's clock. */
  readonly firstMs: number
  readonly lastMs: number
  /** Of this process between the two. */
  readonly cpuUs: number
  readonly rssBytes: number
  /** One digit per id: how often it ran, 9 for more often than that. */
  readonly runs: string
  /** When each job began, by id; empty unless asked for. */
  readonly begunMs: readonly number[]
}

/** Writes down which jobs ran, how often and when. */
export class Ledger {
  readonly reached: Promise<void>
  readonly #ids: number
  readonly #runs: Uint8Array
  readonly #begunMs: Float64Array | null
  readonly #resolve: () => void
  #ended = 0
  #firstMs = 0
  #lastMs = 0
  #cpuAtFirst = 0
  #cpuUs = 0
  #rssBytes = 0

  /**
   * @param ids jobs have the ids from 0 to this
   * @param wanted `reached` resolves when so many have ended
   */
  constructor(ids: number, wanted: number, withTimes: boolean) {
    this.#ids = wanted
    this.#runs = new Uint8Array(ids)
    this.#begunMs = withTimes ? new Float64Array(ids) : null
    const { promise, resolve } = Promise.withResolvers<void>()
    this.reached = promise
    this.#resolve = resolve
  }

  get ended(): number {
    return this.#ended
  }

  began(id: number): void {
    if (this.#firstMs === 0) {
      this.#cpuAtFirst = cpuUs()
      this.#firstMs = machineMs()
    }
    if (this.#begunMs !== null) this.#begunMs[id] = machineMs()
    if (this.#runs[id]! < 9) this.#runs[id]! += 1
  }

  hasEnded(): void {
    this.#ended += 1
    if (this.#ended === this.#ids) this.#arrive()
  }

  /** Takes the readings of this moment as those of the last job, for a worker that is not told how many come. */
  readings(): void {
    this.#lastMs = machineMs()
    this.#cpuUs = cpuUs() - this.#cpuAtFirst
    this.#rssBytes = process.memoryUsage.rss()
  }

  report(): LedgerReport {
    return {
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      cpuUs: this.#cpuUs,
      rssBytes: this.#rssBytes,
      runs: this.#runs.join(''),
      begunMs: [...(this.#begunMs ?? [])],
    }
  }

  #arrive(): void {
    this.readings()
    this.#resolve()
  }
}

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/kernel/random.ts'
import { type RedisProxy, startRedisProxy } from '../../test/system/redis-proxy.ts'
import { Diary } from './diary.ts'
import { Keeper, Processes, type Program } from './processes.ts'
import type { LoadSettings, Site, WorkerSettings } from './system.ts'

const LOOK_EVERY_MS = 20
/** Quiet is what has been quiet for so many looks in a row: a job may be between its queue and its first line. */
const QUIET_LOOKS = 15
const QUIET_LOOK_MS = 50
/** A system that begins no job for so long begins none. */
const IDLE_MS = 45_000

export interface SceneParams {
  readonly site: Site
  readonly directory: string
  readonly random: Random
  readonly isQuick: boolean
}

/** What a fault works with: one system's site, the processes on it, and what their jobs have written. */
export class Scene {
  readonly site: Site
  readonly directory: string
  readonly random: Random
  readonly isQuick: boolean
  readonly processes: Processes
  readonly diary: Diary
  /** Moments at which the store was back after an outage. */
  readonly returns: number[] = []
  readonly #keepers: Keeper[] = []
  readonly #proxies: RedisProxy[] = []

  constructor({ site, directory, random, isQuick }: SceneParams) {
    this.site = site
    this.directory = directory
    this.random = random
    this.isQuick = isQuick
    this.processes = new Processes(join(directory, 'log'))
    this.diary = new Diary(join(directory, 'diary'))
  }

  get ledger(): string {
    return join(this.directory, 'ledger')
  }

  keepWorker(settings: WorkerSettings = {}): Keeper {
    const keeper = new Keeper(() => this.processes.start(this.site.worker(settings)))
    this.#keepers.push(keeper)
    return keeper
  }

  startClient(settings: LoadSettings): Program {
    return this.processes.start(this.site.client(settings))
  }

  /** Has a client enqueue so many jobs and waits for its end. */
  async enqueue(settings: LoadSettings & { count: number }): Promise<void> {
    await this.startClient(settings).exited
  }

  /** A relay in front of the server. */
  async startProxy(): Promise<RedisProxy> {
    const proxy = await startRedisProxy(this.site.server!.port)
    this.#proxies.push(proxy)
    return proxy
  }

  /** A seeded pause, uniform between the two. */
  async pause(leastMs: number, mostMs: number): Promise<void> {
    await sleep(leastMs + this.random.float() * (mostMs - leastMs))
  }

  /** Whole numbers: the few of a quick run or the many of a full one. */
  times(full: number, quick: number): number {
    return this.isQuick ? quick : full
  }

  /** Resolves with true when some job (of this process) has begun from now on; with false when none does. */
  async nextBegin(pid: number | null = null): Promise<boolean> {
    this.diary.readOn()
    const givesUpAt = Date.now() + IDLE_MS
    while (Date.now() < givesUpAt) {
      const fresh = this.diary.readOn()
      if (fresh.some((line) => line.word === 'begin' && (pid === null || line.pid === pid))) return true
      await sleep(LOOK_EVERY_MS)
    }
    return false
  }

  /** Resolves with true when nothing waits and nothing runs any more, with false when that takes too long. */
  async quiet(limitMs: number): Promise<boolean> {
    const givesUpAt = Date.now() + limitMs
    for (let looks = 0; looks < QUIET_LOOKS; ) {
      if (Date.now() > givesUpAt) return false
      await sleep(QUIET_LOOK_MS)
      const isQuiet = !this.#runsSomething() && (await this.site.unfinished()) === 0
      looks = isQuiet ? looks + 1 : 0
    }
    return true
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.stop()))
  }

  async close(): Promise<void> {
    for (const keeper of this.#keepers) keeper.rest()
    await this.processes.close()
    await Promise.all(this.#proxies.map((proxy) => proxy.close()))
  }

  /** Whether a process that lives has begun a job and not ended it. */
  #runsSomething(): boolean {
    this.diary.readOn()
    const open = new Map<string, number>()
    for (const { word, id, pid } of this.diary.lines) {
      if (word === 'begin') open.set(id, pid)
      else open.delete(id)
    }
    const { deaths } = this.processes
    const living = this.#keepers.map((keeper) => keeper.current.pid)
    return [...open.values()].some((pid) => living.includes(pid) && !deaths.has(pid))
  }
}

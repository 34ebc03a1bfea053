import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect, defineJob, type Job } from '../../../../src/index.ts'
import { eventually } from '../eventually.ts'
import type { ArticleScene } from './article-scene.ts'

/** Jobs that were running when their worker was killed are never heard of again. */
const END_LIMIT_MS = 30_000

/** Puts jobs into the Redis of the host, as a web process there would. */
export class Jobs implements AsyncDisposable {
  readonly #scene: ArticleScene
  readonly #connection: Connection
  readonly #nap: Job<[name: string, ms: number]> = defineJob({ name: 'Nap', run: () => {} })
  readonly #names: string[] = []

  private constructor(scene: ArticleScene, connection: Connection) {
    this.#scene = scene
    this.#connection = connection
  }

  static async into(scene: ArticleScene): Promise<Jobs> {
    const redis = `redis://${scene.host.address}:6379`
    return new Jobs(scene, await connect({ config: { store: { redis } } }))
  }

  async enqueue(name: string, ms: number): Promise<void> {
    this.#names.push(name)
    await this.#connection.client.enqueue(this.#nap.definition, [name, ms])
  }

  /** Enqueues one after the other until `work` is over. */
  async during<Result>(what: string, ms: number, work: () => Promise<Result>): Promise<Result> {
    const stop = new AbortController()
    const enqueueing = this.#steadily(what, ms, stop.signal)
    try {
      return await work()
    } finally {
      stop.abort()
      await enqueueing
    }
  }

  /** The names of all jobs so far that have not ended, after those that can have had their time. */
  async lost(limitMs = END_LIMIT_MS): Promise<string[]> {
    const missing = async () => {
      const diary = await this.#scene.diary()
      const ended = new Set(diary.filter(({ what }) => what === 'ended').map(({ job }) => job))
      return this.#names.filter((name) => !ended.has(name))
    }
    await eventually('all jobs ended', limitMs, async () => (await missing()).length === 0).catch(() => {})
    return missing()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  async #steadily(what: string, ms: number, signal: AbortSignal): Promise<void> {
    for (let number = 1; !signal.aborted; number += 1) {
      await this.enqueue(`${what}-${number}`, ms)
      await sleep(EVERY_MS, null, { signal }).catch(() => {})
    }
  }
}

const EVERY_MS = 50

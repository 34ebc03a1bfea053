import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect, defineJob, type Job } from '../../../../src/index.ts'
import { eventually } from '../eventually.ts'
import type { DeployScene, Noted } from './deploy-scene.ts'

export interface LoadOptions {
  /** Default `Nap`, on the queue `default`. Whoever runs another class on another queue notes the same in the diary. */
  readonly job?: { readonly name: string; readonly queue: string }
  /** A short job is enqueued so often. */
  readonly shortEveryMs: number
  readonly shortMs: number
  readonly longEveryMs: number
  readonly longMs: number
}

/** What became of all jobs that were enqueued. */
export interface Tally {
  readonly enqueued: number
  /** Names of jobs that never ended. */
  readonly lost: readonly string[]
  /** Names of jobs that began more than once. */
  readonly repeated: readonly string[]
  /** The longest time in which no job began, from the first to the last one. */
  readonly gapMs: number
  /** The longest time that a job waited until it began for the first time. */
  readonly waitMs: number
}

/** All jobs end so soon after the last was enqueued, those included whose worker was killed. */
const END_LIMIT_MS = 90_000

const NAP = { name: 'Nap', queue: 'default' }

/** Somebody who enqueues steadily, from this machine. */
export class Load implements AsyncDisposable {
  readonly #scene: DeployScene
  readonly #connection: Connection
  readonly #job: Job<[name: string, ms: number]>
  readonly #enqueuedAt = new Map<string, number>()
  readonly #stop = new AbortController()
  readonly #ended: Promise<unknown>
  /** The diary has the jobs of earlier loads, too. */
  readonly #name: string

  private constructor(scene: DeployScene, connection: Connection, options: LoadOptions) {
    this.#scene = scene
    this.#connection = connection
    this.#job = defineJob({ ...(options.job ?? NAP), run: (_: [name: string, ms: number]) => {} })
    this.#name = `${this.#job.definition.name}-${Date.now().toString(36)}`
    this.#ended = Promise.all([
      this.#enqueue('short', options.shortEveryMs, options.shortMs),
      this.#enqueue('long', options.longEveryMs, options.longMs),
    ])
  }

  static async on(scene: DeployScene, options: LoadOptions): Promise<Load> {
    const connection = await connect({ config: { store: { redis: scene.redis!.url } } })
    return new Load(scene, connection, options)
  }

  /** What the diary calls a job of this load. */
  nameOf(kind: string, number: number): string {
    return `${this.#name}-${kind}-${number}`
  }

  /** Enqueues no more, and waits until every job has ended; jobs that have not within a limit are lost. */
  async end(): Promise<Tally> {
    this.#stop.abort()
    await this.#ended
    await eventually(
      'all jobs ended',
      END_LIMIT_MS,
      async () => lostIn(this.#enqueuedAt, await this.#scene.diary()).length === 0,
    ).catch(() => {})
    return tallyOf(this.#enqueuedAt, await this.#scene.diary())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#ended
    await this.#connection.close()
  }

  async #enqueue(kind: string, everyMs: number, ms: number): Promise<void> {
    for (let number = 1; !this.#stop.signal.aborted; number += 1) {
      const name = this.nameOf(kind, number)
      this.#enqueuedAt.set(name, Date.now())
      await this.#connection.client.enqueue(this.#job.definition, [name, ms])
      await sleep(everyMs, null, { signal: this.#stop.signal }).catch(() => {})
    }
  }
}

function lostIn(enqueuedAt: ReadonlyMap<string, number>, diary: readonly Noted[]): string[] {
  const ended = new Set(diary.filter(({ what }) => what === 'ended').map(({ job }) => job))
  return [...enqueuedAt.keys()].filter((name) => !ended.has(name))
}

function tallyOf(enqueuedAt: ReadonlyMap<string, number>, diary: readonly Noted[]): Tally {
  const begun = diary.filter(({ what, job }) => what === 'began' && enqueuedAt.has(job))
  const first = new Map(begun.toReversed().map(({ job, at }) => [job, at] as const))
  return {
    enqueued: enqueuedAt.size,
    lost: lostIn(enqueuedAt, diary),
    repeated: [...first.keys()].filter((name) => begun.filter(({ job }) => job === name).length > 1),
    gapMs: Math.max(...begun.slice(1).map(({ at }, index) => at - begun[index]!.at)),
    waitMs: Math.max(...[...first].map(([job, at]) => at - enqueuedAt.get(job)!)),
  }
}

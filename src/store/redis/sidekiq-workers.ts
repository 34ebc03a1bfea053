import type { CapsuleInfo, RunningJob, ToldCapsule, WorkerRecord } from '../worker-record.ts'
import type { Ground } from './ground.ts'

/** What Sidekiq says about one of its processes. All of it may be missing: any version, or anybody, wrote it. */
interface SidekiqInfo {
  readonly hostname?: string
  readonly pid?: number
  readonly started_at?: number
  readonly tag?: string
  readonly labels?: unknown
  readonly concurrency?: number
  readonly queues?: unknown
  /** By capsule, queue to weight: `[{ "critical": 2 }]`. From 7 on. */
  readonly weights?: unknown
  readonly version?: string
}

interface SidekiqWork {
  readonly queue: string
  readonly payload: unknown
  readonly run_at: number
}

/** Sidekiq up to 7.0.1 does not tell its version. */
const UNKNOWN_VERSION = 'Sidekiq'

/**
 * Sidekiq's own processes out of `identities`, as workers. They hold nothing that could be recovered: what they
 * run is in their memory alone. Those that have died are struck off the register, as Sidekiq does at such a look.
 *
 * @param identities of the register `processes`, without those of Capstan
 */
export async function sidekiqWorkers(ground: Ground, identities: readonly string[]): Promise<WorkerRecord[]> {
  const { client, keys } = ground
  const records = await Promise.all(
    identities.map(async (identity) => {
      const [fields, work, oldWork] = (await Promise.all([
        client.command(['HMGET', keys.processHash(identity), 'info', 'beat', 'quiet', 'rss', 'concurrency']),
        client.command(['HGETALL', keys.work(identity)]),
        client.command(['HGETALL', keys.oldWork(identity)]),
      ])) as [Array<string | null>, string[], string[]]
      if ((fields[0] ?? null) === null) {
        await client.command(['SREM', keys.processes, identity])
        return null
      }
      // The name of the hash depends on the version; what runs is in one of the two.
      return recordOf(identity, fields, work.length > 0 ? work : oldWork)
    }),
  )
  return records.filter((record) => record !== null)
}

function recordOf(
  identity: string,
  [info, beat, quiet, rss, concurrency]: Array<string | null>,
  work: readonly string[],
): WorkerRecord | null {
  const told = parsed<SidekiqInfo>(info ?? null)
  if (told === null) return null
  return {
    info: {
      identity,
      hostname: told.hostname ?? '',
      pid: told.pid ?? 0,
      bootId: '',
      processStart: '',
      startedAt: (told.started_at ?? 0) * 1000,
      tag: told.tag ?? '',
      labels: namesIn(told.labels),
      capsules: [
        {
          name: 'default',
          concurrency: told.concurrency ?? Number(concurrency ?? 0),
          ...orderOf(told),
        },
      ],
      version: told.version ?? UNKNOWN_VERSION,
    },
    beatAt: Number(beat ?? 0) * 1000,
    quiet: quiet === 'true',
    rssKib: Number(rss ?? 0),
    running: runningOf(work),
  }
}

/** How it takes its queues, as far as it says so: what belongs to several capsules is not told apart. */
function orderOf({ queues, weights }: SidekiqInfo): Pick<ToldCapsule, 'mode' | 'weights'> {
  const unknown = Object.fromEntries(namesIn(queues).map((queue) => [queue, null]))
  const capsules = Array.isArray(weights) ? weights.map(weightsIn) : []
  return {
    mode: capsules.length === 1 ? modeOf(Object.values(capsules[0]!)) : null,
    weights: Object.assign(unknown, ...capsules),
  }
}

function weightsIn(told: unknown): Record<string, number> {
  if (typeof told !== 'object' || told === null) return {}
  const weights = Object.entries(told).filter((each): each is [string, number] => typeof each[1] === 'number')
  return Object.fromEntries(weights)
}

/** As Sidekiq tells them apart. */
function modeOf(weights: readonly number[]): CapsuleInfo['mode'] | null {
  if (weights.length === 0) return null
  if (weights.every((weight) => weight === 0)) return 'strict'
  return weights.every((weight) => weight === 1) ? 'random' : 'weighted'
}

function runningOf(work: readonly string[]): RunningJob[] {
  return work.flatMap((thread, index): RunningJob[] => {
    if (index % 2 === 1) return []
    const told = parsed<SidekiqWork>(work[index + 1] ?? null)
    if (told === null) return []
    const payload = typeof told.payload === 'string' ? told.payload : JSON.stringify(told.payload ?? null)
    return [{ token: thread, queue: told.queue, payload, startedAt: told.run_at * 1000 }]
  })
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function parsed<Told>(text: string | null): Told | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return typeof value === 'object' ? (value as Told) : null
  } catch {
    return null
  }
}

import type { EpochMs } from '../../kernel/clock.ts'
import { utcDay } from '../../kernel/utc-day.ts'
import type { Beat, BeatReply, RunningJob, WorkerInfo, WorkerRecord, WorkerSignal } from '../worker-record.ts'
import { queueOf } from './claim-token.ts'
import type { Ground } from './ground.ts'
import type { MetricsWriter } from './metrics-writer.ts'
import { scoreOf } from './score.ts'
import { decodeBeat, heartbeat as heartbeatScript } from './scripts/heartbeat.ts'
import { decodeHeld, heldJobs } from './scripts/held.ts'
import { registered as registeredScript } from './scripts/registered.ts'
import { signal as signalScript } from './scripts/signal.ts'
import { sidekiqWorkers } from './sidekiq-workers.ts'

/** Readers take a process whose hash is gone for dead: the lease on the wire. */
const LEASE_SECONDS = 60
/** Five years, as Sidekiq keeps the counters of a day. */
const DAY_COUNTER_SECONDS = 157_680_000
const SIGNAL_SECONDS = 60

/** What `capstan:workers` holds of a worker. Scripts read the beat and the signal, the last field, as text. */
interface StoredRecord {
  /**
   * Comes first: releases that know no lists look for `beatAt` there, and so they take the worker for one that lives
   * rather than recover half of what it holds. Theirs have no such field.
   */
  readonly holds?: 'lists'
  readonly beatAt: EpochMs
  readonly quiet: boolean
  readonly rssKib: number
  readonly info: WorkerInfo
  /** Tokens and starts; the payloads are in the work hash. */
  readonly running: ReadonlyArray<readonly [string, EpochMs]>
  readonly signal: WorkerSignal | null
}

/** `Store.heartbeat`. */
export const heartbeat =
  ({ client, keys }: Ground, metrics: MetricsWriter) =>
  async (beat: Beat): Promise<BeatReply> => {
    const { worker, now, running } = beat
    const { identity } = worker
    const day = utcDay(now)
    const fields = processFields(beat)
    const reply = await client.run(heartbeatScript, {
      keys: [
        keys.work(identity),
        keys.oldWork(identity),
        keys.processes,
        keys.processHash(identity),
        keys.signals(identity),
        keys.processed,
        keys.failed,
        `${keys.processed}:${day}`,
        `${keys.failed}:${day}`,
        keys.workers,
        keys.inFlight(identity),
      ],
      args: [
        identity,
        String(now),
        unsignedRecord(beat),
        beat.processed,
        beat.failed,
        DAY_COUNTER_SECONDS,
        LEASE_SECONDS,
        fields.length,
        ...fields,
        ...running.flatMap((job) => [job.token, workOf(job)]),
      ],
    })
    return { ...decodeBeat(reply), countsClasses: metrics.answered(beat) }
  }

/** `Store.workers`: ours, then Sidekiq's own. */
export const workers = (ground: Ground) => async (): Promise<WorkerRecord[]> => {
  const { client, keys } = ground
  const reply = await client.run(registeredScript, { keys: [keys.workers, keys.processes], args: [] })
  const [texts, own, processes] = reply as [string[], string[], string[]]
  const stored = texts
    .map((text) => JSON.parse(text) as StoredRecord)
    .toSorted((a, b) => (a.info.identity < b.info.identity ? -1 : 1))
  const payloads = await Promise.all(
    stored.map(async ({ info, running }) => {
      if (running.length === 0) return []
      const { identity } = info
      const tokens = running.map(([token]) => token)
      const work = (await client.command(['HMGET', keys.work(identity), ...tokens])) as Array<string | null>
      if (!work.includes(null)) return work.map((text) => JSON.parse(text!) as Running)
      // The work hash of a worker that does not beat any more is gone after its lease.
      const held = await client.run(heldJobs, { keys: [keys.inFlight(identity)], args: [] })
      return payloadsOf(tokens, work, new Map(decodeHeld<string>(held)))
    }),
  )
  const others = processes.filter((identity) => !own.includes(identity)).toSorted()
  return [
    ...stored.map((record, index) => recordOf(record, payloads[index]!)),
    ...(await sidekiqWorkers(ground, others)),
  ]
}

/** `Store.signal`. */
export const signal =
  ({ client, keys }: Ground) =>
  async (identity: string, message: WorkerSignal): Promise<void> => {
    await client.run(signalScript, { keys: [keys.signals(identity)], args: [message, SIGNAL_SECONDS] })
  }

/** The process as Sidekiq's pages read it. Old and new readers miss different fields, so all are there. */
function processFields({ worker, now, quiet, running, rssKib, roundTripUs }: Beat): Array<string | number> {
  const { capsules } = worker
  const concurrency = capsules.reduce((sum, capsule) => sum + capsule.concurrency, 0)
  const info = {
    hostname: worker.hostname,
    started_at: worker.startedAt / 1000,
    pid: worker.pid,
    tag: worker.tag,
    concurrency,
    queues: [...new Set(capsules.flatMap(({ weights }) => Object.keys(weights)))],
    weights: capsules.map(({ weights }) => weights),
    capsules: Object.fromEntries(
      capsules.map(({ name, concurrency: own, mode, weights }) => [
        name,
        { concurrency: own, mode, weights },
      ]),
    ),
    labels: worker.labels,
    identity: worker.identity,
    version: worker.version,
    embedded: false,
  }
  const fields = { concurrency, busy: running.length, beat: scoreOf(now), quiet: String(quiet), rss: rssKib }
  return [...Object.entries(fields).flat(), 'info', JSON.stringify(info), 'rtt_us', roundTripUs]
}

/** The record without its last field and brace, which the script adds. */
function unsignedRecord({ worker, now, quiet, running, rssKib }: Beat): string {
  const record: Omit<StoredRecord, 'signal'> = {
    holds: 'lists',
    beatAt: now,
    quiet,
    rssKib,
    info: worker,
    running: running.map(({ token, startedAt }) => [token, startedAt]),
  }
  return JSON.stringify(record).slice(0, -1)
}

function workOf({ queue, payload, startedAt }: RunningJob): string {
  return JSON.stringify({ queue, payload, run_at: Math.floor(startedAt / 1000) })
}

interface Running {
  readonly queue: string | null
  readonly payload: string
}

function payloadsOf(
  tokens: readonly string[],
  work: ReadonlyArray<string | null>,
  held: ReadonlyMap<string, string>,
): Array<Running | null> {
  return work.map((text, index) => {
    if (text !== null) return JSON.parse(text) as Running
    const payload = held.get(tokens[index]!)
    return payload === undefined ? null : { queue: null, payload }
  })
}

function recordOf(
  { info, beatAt, quiet, rssKib, running }: StoredRecord,
  found: Array<Running | null>,
): WorkerRecord {
  const jobs = running.flatMap(([token, startedAt], index): RunningJob[] => {
    const job = found[index]
    return job ? [{ token, queue: job.queue ?? queueOf(token) ?? '', payload: job.payload, startedAt }] : []
  })
  return { info, beatAt, quiet, rssKib, running: jobs }
}

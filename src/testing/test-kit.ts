import { Client } from '../client/client.ts'
import { setDefaultClient } from '../client/default-client.ts'
import type { Job } from '../client/define-job.ts'
import type { DeathHandler } from '../job/death.ts'
import { type Payload, parsePayload } from '../job/payload.ts'
import { registry } from '../job/registry.ts'
import { UsageError } from '../kernel/errors.ts'
import { type Logger, silentLogger } from '../kernel/logger.ts'
import { seededRandom } from '../kernel/random.ts'
import type { Settlement } from '../store/exchange.ts'
import type { Entry, Place } from '../store/inspection.ts'
import { memoryStore } from '../store/memory/index.ts'
import type { Store } from '../store/store.ts'
import type { WorkerInfo } from '../store/worker-record.ts'
import { Deaths } from '../worker/deaths.ts'
import { Executor } from '../worker/executor.ts'
import type { JobResult } from '../worker/job-result.ts'
import { dueRoute } from '../worker/poller.ts'
import { RunningJob } from '../worker/running-job.ts'
import { settlementOf } from '../worker/settlement.ts'
import { checkJob, checkKitOptions } from './check-options.ts'
import { type AnyJob, type DeadJob, deadJob, ofJob, type WaitingJob, waitingJob } from './seen-job.ts'
import { SimClock } from './sim-clock.ts'

/** Enough to look at; a test with more jobs than this in one place is a load test. */
const LOOKED_AT = 10_000

export interface TestKitOptions {
  /** The jobs that `drain` can run. */
  readonly jobs: readonly AnyJob[]
  /** As in the configuration. */
  readonly deathHandlers?: readonly DeathHandler[]
  readonly logger?: Logger
}

/** A run that `drain` made. */
export interface DrainedJob {
  readonly job: string
  readonly args: readonly unknown[]
  readonly result: JobResult
  /** Where the job is after this run: a failed one to be retried, or dead. null: nowhere, it is over. */
  readonly place: 'retry' | 'scheduled' | 'dead' | 'queue' | null
}

const PLACES: Readonly<Record<Settlement['to'], DrainedJob['place']>> = {
  done: null,
  retry: 'retry',
  schedule: 'scheduled',
  dead: 'dead',
  queue: 'queue',
}

/**
 * A store in memory, a clock that only the test moves, and a worker that works when told: `job.enqueue()` goes
 * here until `close`.
 */
export class TestKit implements AsyncDisposable {
  readonly clock = new SimClock()
  readonly #store: Store
  readonly #executor: Executor
  readonly #deaths: Deaths
  readonly #options: TestKitOptions
  readonly #random = seededRandom(1)

  /** @throws UsageError `options.unknown`, `options.invalid`; `enqueue` then goes where it went before */
  constructor(options: TestKitOptions) {
    checkKitOptions(options, 'testKit')
    this.#options = options
    this.#store = memoryStore({ clock: this.clock })
    const runtime = { clock: this.clock, random: this.#random, logger: options.logger ?? silentLogger }
    const jobs = registry(options.jobs.map(({ definition }) => definition))
    this.#executor = new Executor(runtime, { registry: jobs })
    this.#deaths = new Deaths(runtime, { ...options, registry: jobs })
    setDefaultClient(new Client(runtime, this.#store))
  }

  /** What waits: in queues, oldest first, then scheduled, then to be retried. Of one job, or of all. */
  async enqueued(job?: AnyJob): Promise<WaitingJob[]> {
    const queues = await this.#store.queues(this.clock.now())
    const places: Place[] = [
      ...queues.map(({ name }) => ({ queue: name })),
      { set: 'schedule' },
      { set: 'retry' },
    ]
    const waiting = (await this.#in(places)).map(waitingJob)
    return ofJob(waiting, job, 'enqueued')
  }

  /** What has died and was kept, the first to die first. Of one job, or of all. */
  async dead(job?: AnyJob): Promise<DeadJob[]> {
    const dead = (await this.#in([{ set: 'dead' }])).map(deadJob)
    return ofJob(dead, job, 'dead')
  }

  /**
   * Runs all that is due, and what it enqueues, one after the other. What fails goes to the retry set as in
   * production; move the clock and drain again to see it retried.
   *
   * @throws UsageError `test.endless` after 10,000 runs: some job keeps enqueueing itself; `job.unknown` for a job
   *   that the kit was not given
   */
  async drain(): Promise<DrainedJob[]> {
    const runs: DrainedJob[] = []
    await this.#beat()
    for (;;) {
      const run = await this.#runOne()
      if (run === null) return runs
      runs.push(run)
      if (run.result.kind === 'unrunnable')
        throw new UsageError('job.unknown', `${run.result.reason}; name it in testKit({ jobs })`)
      if (runs.length >= LOOKED_AT)
        throw new UsageError('test.endless', `still not drained after ${LOOKED_AT} runs`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    setDefaultClient(null)
    await this.#store.close()
  }

  async #in(places: readonly Place[]): Promise<Entry[]> {
    const page = { offset: 0, limit: LOOKED_AT }
    return (await Promise.all(places.map((place) => this.#store.list(place, page)))).flat()
  }

  async #runOne(): Promise<DrainedJob | null> {
    const now = this.clock.now()
    await this.#store.promote({ now, limit: LOOKED_AT, route: (payload) => dueRoute(payload, now) })
    const queues = (await this.#store.queues(now)).map(({ name }) => name)
    const { claims } = await this.#store.exchange({
      identity: WORKER.identity,
      now,
      settle: [],
      queues,
      count: 1,
    })
    const [claim] = claims
    if (claim === undefined) return null
    const payload = parsePayload(claim.payload) as Payload
    const job = new RunningJob(claim, payload, now)
    const result = await this.#executor.execute(job)
    const definition =
      this.#options.jobs.find((one) => one.definition.name === payload.class)?.definition ?? null
    const endedAt = this.clock.now()
    const settlement = settlementOf(job, result, { definition, now: endedAt, random: this.#random })
    const settled = { now: endedAt, settle: [settlement], queues: [], count: 0 }
    await this.#store.exchange({ identity: WORKER.identity, ...settled })
    this.#deaths.ended(job, result, settlement)
    await this.#deaths.told()
    return { job: payload.class, args: payload.args, result, place: PLACES[settlement.to] }
  }

  async #beat(): Promise<void> {
    const counts = { processed: 0, failed: 0, rssKib: 0, roundTripUs: 0 }
    await this.#store.heartbeat({
      worker: WORKER,
      now: this.clock.now(),
      quiet: false,
      running: [],
      ...counts,
    })
  }
}

/** Use with `await using`: jobs enqueued anywhere in the test stay in this kit. */
export function testKit(options: TestKitOptions): TestKit {
  return new TestKit(options)
}

/**
 * Runs one job here and now, with its arguments checked and sent through JSON as a store would.
 * @returns how it came out: done, snoozed, killed, discarded
 * @throws what the job throws, or a UsageError for arguments that could not be enqueued
 */
export async function runInline<Input extends readonly unknown[]>(
  job: Job<Input>,
  ...args: Input
): Promise<JobResult> {
  checkJob(job, 'runInline')
  await using kit = testKit({ jobs: [job] })
  await job.enqueue(...args)
  const [run] = await kit.drain()
  const { result } = run!
  if (result.kind === 'failed') throw result.error.thrown
  return result
}

const WORKER: WorkerInfo = {
  identity: 'test:1:000000000000',
  hostname: 'test',
  pid: 1,
  bootId: '',
  processStart: '',
  startedAt: 0,
  tag: '',
  labels: [],
  capsules: [],
  version: 'test',
}

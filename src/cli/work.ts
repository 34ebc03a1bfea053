import { flushCompileCache } from 'node:module'
import { basename } from 'node:path'
import { capsulesOf, checkConfig } from '../config/check-config.ts'
import type { CapstanConfig } from '../config/config.ts'
import { loadJobs } from '../config/load-jobs.ts'
import { missingFile } from '../config/open-store.ts'
import { jobError, logged } from '../job/failure.ts'
import type { Registry } from '../job/registry.ts'
import { durationMs, durationOption } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { CapsuleInfo, WorkerSignal } from '../store/worker-record.ts'
import { notifier } from '../systemd/notify.ts'
import { ownService } from '../systemd/own-service.ts'
import { labels } from '../worker/running-job.ts'
import { watchLoop } from '../worker/watchdog/watch-loop.ts'
import { Worker } from '../worker/worker.ts'
import type { WorkerOptions } from '../worker/worker-options.ts'
import { awaitStore } from './await-store.ts'
import { processIsolation } from './isolated.ts'
import { EXIT } from './output.ts'
import { serviceLink } from './service-link.ts'
import { type Session, thisHost } from './session.ts'
import { queueNames, unservedQueues, unservedText } from './unserved-queues.ts'
import { version } from './version.ts'
import { wholeNumber } from './whole-number.ts'

export interface WorkFlags {
  readonly concurrency?: string
  /** `NAME` or `NAME,WEIGHT`, in strict order when no weight is given. */
  readonly queue?: readonly string[]
  readonly timeout?: string
  readonly tag?: string
  /** Stop when the process that started this one is gone. */
  readonly attached?: boolean
}

/** Runs a worker until it is told to stop. Resolves when it has drained and left. */
export async function work(session: Session, flags: WorkFlags): Promise<void> {
  const loaded = await session.config()
  const config = withFlags(loaded.config, flags)
  const { logger } = session.runtime
  const notify = notifier(logger, process.env)
  const loading = loadJobs(loaded.directory, config.jobs)
  // Wrong usage makes no store: who only looks at jobs would take it for that of a worker.
  if (missingFile(loaded) !== null) await loading
  const [jobs, { store, health }] = await Promise.all([loading, awaitStore(session, notify)])
  for (const fault of health.faults ?? []) logger.error(fault)
  for (const warning of [...health.warnings, ...(loaded.sidekiq?.notes ?? [])]) logger.warn(warning)
  const options = workerOptions(config)
  const link = serviceLink(session.runtime, { notify, store, options, worker: () => worker })
  const worker: Worker = new Worker(session.runtime, link.store, {
    ...options,
    tag: config.tag ?? basename(loaded.directory),
    registry: jobs,
    host: thisHost(),
    isolation: processIsolation(session),
    endProcess: (lastStep) => exitWith(worker, lastStep, logger),
    events: { ...link.events, signalled: (signal) => handle(worker, signal, logger) },
    version: version(),
    service: ownService(process.env),
  })
  const stopListening = listen(worker, logger)
  process.on('exit', (code) => sayWhatRan(worker, logger, code))
  process.on('uncaughtExceptionMonitor', (error) => sayWhatWasThrown(error, logger))
  const loopWatch = watchLoop(session.runtime, link.loopWatch)
  await worker.start()
  if (flags.attached) stopWithParent(worker, logger)
  logger.info('ready', {
    store: health.location,
    jobsSurvive: health.durability,
    jobs: jobs.size,
    queues: queueNames(options.capsules).join(', '),
    concurrency: options.capsules.reduce((sum, capsule) => sum + capsule.concurrency, 0),
  })
  // For the next worker and for cells: this process may be killed, and would keep nothing.
  flushCompileCache()
  // Queues named on the command line are a choice; those of the configuration may have been forgotten.
  if (flags.queue === undefined) warnOfUnserved(jobs, options.capsules, logger)
  await worker.ended
  await loopWatch.stop()
  stopListening()
  if (!worker.hasLeft) process.exitCode = EXIT.failure
}

function warnOfUnserved(jobs: Registry, capsules: readonly CapsuleInfo[], logger: Logger): void {
  const unserved = unservedQueues(jobs, queueNames(capsules))
  if (unserved !== null)
    logger.warn(
      `${unservedText(unserved)}, which this worker does not take; add to queues in the configuration, or leave them to another worker`,
    )
}

function workerOptions(
  config: CapstanConfig,
): Pick<
  WorkerOptions,
  'capsules' | 'middleware' | 'deathHandlers' | 'labels' | 'unknownJobs' | 'drainMs' | 'pollMs'
> {
  return {
    capsules: capsulesOf(config),
    middleware: config.workerMiddleware ?? [],
    deathHandlers: config.deathHandlers ?? [],
    labels: config.labels ?? [],
    ...(config.unknownJobs === undefined ? {} : { unknownJobs: config.unknownJobs }),
    ...(config.timeout === undefined ? {} : { drainMs: durationMs(config.timeout, 'timeout') }),
    ...(config.poll === undefined ? {} : { pollMs: durationMs(config.poll, 'poll') }),
  }
}

function withFlags(config: CapstanConfig, flags: WorkFlags): CapstanConfig {
  return checkConfig(
    {
      ...config,
      ...(flags.concurrency === undefined
        ? {}
        : { concurrency: wholeNumber(flags.concurrency, '--concurrency', 1) }),
      ...(flags.queue === undefined ? {} : { queues: queuesOf(flags.queue) }),
      ...(flags.timeout === undefined ? {} : { timeout: durationOption(flags.timeout, '--timeout') }),
      ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    },
    'command line',
  )
}

function queuesOf(words: readonly string[]): string[] | Record<string, number> {
  const pairs = words.map((word) => word.split(','))
  if (pairs.every(([, weight]) => weight === undefined)) return [...words]
  for (const [queue, weight = '1'] of pairs) {
    if (!/^\d+$/.test(weight))
      throw new UsageError('options.invalid', `--queue ${queue},${weight}: expected a whole number as weight`)
  }
  return Object.fromEntries(pairs.map(([queue, weight = '1']) => [queue, Number(weight)]))
}

const SIGNALS: ReadonlyArray<readonly [NodeJS.Signals, WorkerSignal]> = [
  ['SIGTSTP', 'TSTP'],
  ['SIGTERM', 'TERM'],
  ['SIGINT', 'TERM'],
  ['SIGTTIN', 'TTIN'],
]

function listen(worker: Worker, logger: Logger): () => void {
  const listeners = SIGNALS.map(([name, signal]) => [name, () => handle(worker, signal, logger)] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  return () => {
    for (const [name, listener] of listeners) process.off(name, listener)
  }
}

function handle(worker: Worker, signal: WorkerSignal, logger: Logger): void {
  if (signal === 'TSTP') worker.quiet()
  else if (signal === 'TTIN') report(worker, logger)
  else if (worker.state === 'draining') worker.hurry()
  else void worker.stop()
}

/** The line to whoever started this process is cut when that is gone; a signal may have come before, and stops it, too. */
function stopWithParent(worker: Worker, logger: Logger): void {
  const stop = () => {
    logger.warn('the process that started this worker is gone; it stops')
    void worker.stop()
  }
  if (process.connected) process.once('disconnect', stop)
  else stop()
}

/** No job runs on after the listeners to the exit, of which this is the last: the next worker may begin them. */
function exitWith(worker: Worker, lastStep: () => void, logger: Logger): never {
  process.once('exit', () => {
    try {
      lastStep()
    } catch (error) {
      logger.error('could not hand the jobs back; the next worker recovers them', { error })
      process.exitCode = EXIT.failure
    }
  })
  process.exit(worker.hasLeft ? EXIT.ok : EXIT.failure)
}

/** A promise that nobody awaits ends the process, in whatever job it was made. */
function sayWhatWasThrown(error: unknown, logger: Logger): void {
  logger.error('an error that nothing caught ends the process', logged(jobError(error)))
}

/** A job that calls `process.exit` ends them all, and is no success; the log should at least name the suspects. */
function sayWhatRan(worker: Worker, logger: Logger, code: number): void {
  const jobs = worker.state === 'stopped' ? [] : worker.running()
  if (jobs.length === 0) return
  process.exitCode = EXIT.failure
  logger.error('the process exits while jobs run; the next worker recovers them', {
    code,
    jobs: jobs.map(labels),
  })
}

function report(worker: Worker, logger: Logger): void {
  const jobs = worker.running()
  logger.warn('what runs', { state: worker.state, jobs: jobs.length })
  for (const job of jobs) logger.warn('running', { ...labels(job), startedAt: job.startedAt })
}

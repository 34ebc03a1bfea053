import { suggest } from '../kernel/suggest.ts'

/** What becomes part of the configuration here. */
const TAKEN = [
  'concurrency',
  'queues',
  'timeout',
  'tag',
  'labels',
  'capsules',
  'average_scheduled_poll_interval',
] as const

export type TakenKey = (typeof TAKEN)[number]

const NOT_NEEDED = 'not needed here'
const BY_SYSTEMD = 'left to systemd'

/** What Sidekiq knows and Capstan does otherwise, each with what to do about it. */
const LEFT: Readonly<Record<string, string>> = {
  require: 'jobs are found by the globs of "jobs" in capstan.config.ts',
  environment: 'the section is chosen by APP_ENV, RAILS_ENV or RACK_ENV',
  verbose: 'capstan --verbose',
  pidfile: BY_SYSTEMD,
  logfile: BY_SYSTEMD,
  daemon: BY_SYSTEMD,
  strict: 'the queues tell, as in Sidekiq',
  max_retries: 'set retry in the jobs',
  poll_interval_average: 'set poll in capstan.config.ts: it counts for all processes together',
  dead_max_jobs: 'set store: { redis: { deadMaxJobs } } in capstan.config.ts',
  dead_timeout_in_seconds: 'set store: { redis: { deadMaxAgeMs } } in capstan.config.ts',
  namespace: "set store: { redis: { keyPrefix: 'NAME:' } } in capstan.config.ts",
  backtrace: 'set backtrace in the jobs',
  dead: NOT_NEEDED,
  lifecycle_events: NOT_NEEDED,
  reloader: NOT_NEEDED,
  redis_idle_timeout: NOT_NEEDED,
  skip_default_job_logging: NOT_NEEDED,
  logged_job_attributes: NOT_NEEDED,
  max_iteration_runtime: NOT_NEEDED,
  health_check: NOT_NEEDED,
}

/** Keys of Sidekiq's file that mean something, to it or to us. */
export function isSidekiqKey(key: string): boolean {
  return isTaken(key) || Object.hasOwn(LEFT, key)
}

export function isTaken(key: string): key is TakenKey {
  return TAKEN.includes(key as TakenKey)
}

/** What a person is told about a key that changes nothing here. */
export function noteOn(key: string, origin: string): string {
  if (Object.hasOwn(LEFT, key)) return `${origin}: "${key}" is not read: ${LEFT[key]}`
  const near = suggest(key, [...TAKEN, ...Object.keys(LEFT)])
  return `${origin}: "${key}" is not read: Sidekiq has no such key${near === null ? '' : `; did you mean "${near}"?`}`
}

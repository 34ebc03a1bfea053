import { UsageError } from '../kernel/errors.ts'
import type { CapstanConfig, QueuesConfig } from './config.ts'
import { type Setting, type Settings, sectionOf, sidekiqDocument } from './sidekiq-document.ts'
import { isSidekiqKey, isTaken, noteOn, type TakenKey } from './sidekiq-keys.ts'
import { sidekiqQueues } from './sidekiq-queues.ts'

/** What a `sidekiq.yml` says, in our words. */
export interface SidekiqYml {
  readonly config: CapstanConfig
  /** Key of `config` to the place it was read from: `config/sidekiq.yml:3`, a section's name behind it. */
  readonly origins: Readonly<Record<string, string>>
  /** Keys that change nothing here, each named once with the reason. */
  readonly notes: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** More slots than any process could use; past it a number is a slip. */
const MAX_CONCURRENCY = 10_000
/** A day. */
const MAX_SECONDS = 86_400
const DEFAULT_CONCURRENCY = 10

/**
 * Reads the text of a `sidekiq.yml` of any version since 6: keys with and without a colon, the section of the
 * environment (APP_ENV, RAILS_ENV, RACK_ENV, else development) over the top level, RAILS_MAX_THREADS where neither
 * has a concurrency.
 * @param file as it is to be named in messages
 * @throws UsageError `config.broken` when it is no plain YAML, `config.invalid` for a value that cannot be
 */
export async function sidekiqYml(text: string, file: string, environment: Environment): Promise<SidekiqYml> {
  const top = await sidekiqDocument(text, file)
  const chosen = environment.APP_ENV || environment.RAILS_ENV || environment.RACK_ENV || 'development'
  const section = top.get(chosen)
  const settings = new Map(top)
  if (isMapping(section)) {
    settings.delete(chosen)
    for (const [key, setting] of sectionOf(section, chosen)) settings.set(key, setting)
  }
  const threads = environment.RAILS_MAX_THREADS
  if (threads && !settings.has('concurrency'))
    settings.set('concurrency', { value: threads, origin: 'RAILS_MAX_THREADS' })
  return translated(settings)
}

function translated(settings: Settings): SidekiqYml {
  const config: Record<string, unknown> = {}
  const origins: Record<string, string> = {}
  const notes: string[] = []
  for (const [key, setting] of settings) {
    if (isTaken(key)) {
      const [ours, read] = READERS[key]
      if (setting.value === null) continue
      config[ours] = read(setting, settings)
      origins[ours] = setting.origin
    } else if (!isSection(setting)) notes.push(noteOn(key, setting.origin))
  }
  return { config: withDefaultCapsule(config as CapstanConfig), origins, notes }
}

/** A capsule called default is the one that the top level describes. */
function withDefaultCapsule(config: CapstanConfig): CapstanConfig {
  const { default: own, ...others } = config.capsules ?? {}
  return own === undefined ? config : { ...config, ...own, capsules: others }
}

type Reader = (setting: Setting, settings: Settings) => unknown

const READERS: Readonly<Record<TakenKey, readonly [key: keyof CapstanConfig, read: Reader]>> = {
  concurrency: ['concurrency', (setting) => whole(setting, 'concurrency', MAX_CONCURRENCY)],
  queues: ['queues', sidekiqQueues],
  timeout: ['timeout', (setting) => whole(setting, 'timeout (seconds)', MAX_SECONDS) * 1_000],
  tag: ['tag', ({ value }) => String(value)],
  labels: ['labels', ({ value }) => [value].flat().map(String)],
  capsules: ['capsules', capsules],
  average_scheduled_poll_interval: [
    'poll',
    (setting) => whole(setting, 'average_scheduled_poll_interval (seconds)', MAX_SECONDS) * 1_000,
  ],
}

/** A capsule without a concurrency has that of the process, as in Sidekiq. */
function capsules(setting: Setting, settings: Settings): CapstanConfig['capsules'] {
  const general = settings.get('concurrency')
  if (!isMapping(setting)) throw invalid(setting, 'capsules: expected names with queues and concurrency')
  const entries = [...sectionOf(setting, 'capsules')].map(([name, capsule]) => {
    if (!isMapping(capsule)) throw invalid(capsule, `${name}: expected queues and concurrency`)
    const own = sectionOf(capsule, name)
    const concurrency = own.get('concurrency') ?? general
    const queues = own.get('queues')
    return [name, { queues: queuesOf(queues), concurrency: slotsOf(concurrency) }]
  })
  return Object.fromEntries(entries)
}

const queuesOf = (setting: Setting | undefined): QueuesConfig =>
  setting === undefined ? ['default'] : sidekiqQueues(setting)
const slotsOf = (setting: Setting | undefined): number =>
  setting === undefined ? DEFAULT_CONCURRENCY : whole(setting, 'concurrency', MAX_CONCURRENCY)

/** A whole number from 1; Ruby reads a text of digits as one, too. */
function whole(setting: Setting, what: string, most: number): number {
  const text = String(setting.value).trim()
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= most) return number
  throw invalid(
    setting,
    `${what}: expected a whole number from 1 to ${most}, got ${JSON.stringify(setting.value)}`,
  )
}

function isMapping(setting: Setting | undefined): setting is Setting {
  const value = setting?.value
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The section of an environment, this one or another: nothing but keys that Sidekiq knows. */
function isSection(setting: Setting): boolean {
  return isMapping(setting) && [...sectionOf(setting, '').keys()].every(isSidekiqKey)
}

function invalid({ origin }: Setting, what: string): UsageError {
  return new UsageError('config.invalid', `${origin}: ${what}`)
}

import { UsageError } from '../../kernel/errors.ts'
import { suggest } from '../../kernel/suggest.ts'
import { DEAD_MAX_AGE_MS, DEAD_MAX_JOBS } from '../transfer.ts'
import { type Address, parseAddress, parseEndpoint } from './address.ts'
import type { TlsOptions } from './dial.ts'
import type { SentinelGroup } from './sentinel.ts'

export type MetricsOption = 'auto' | '7' | '8' | 'off'

export interface SentinelOptions {
  /** Of the primary, as in the sentinels' `sentinel monitor NAME …`. */
  readonly name: string
  /** `host:port`; the port may be left out. */
  readonly sentinels: readonly string[]
  readonly username?: string
  readonly password?: string
}

export interface RedisOptions {
  /**
   * `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix:///path/to.sock[?db=N]`.
   * Default `redis://127.0.0.1:6379/0`. With `sentinel`, only its credentials, database and TLS count.
   */
  readonly url?: string
  readonly sentinel?: SentinelOptions
  /** For `rediss://`; also used for the sentinels then. */
  readonly tls?: TlsOptions
  /** Before every key, as given, with a separator at its end: `'app:'`. Default `''`: Sidekiq's own keys. */
  readonly keyPrefix?: string
  /** The dead set keeps at most so many jobs. Default `DEAD_MAX_JOBS`. */
  readonly deadMaxJobs?: number
  /** The dead set keeps a job at most so long. Default `DEAD_MAX_AGE_MS`. */
  readonly deadMaxAgeMs?: number
  /** A command without an answer for so long fails with `store.unknown`. Default 3 s, as in Sidekiq 7.3. */
  readonly commandTimeoutMs?: number
  /**
   * Whose metrics page is fed with counts by class. Default `'auto'`: that of the newest Sidekiq seen among the
   * registered processes; none is fed where there is none from 7.0.2 on.
   */
  readonly metrics?: MetricsOption
}

/** Options checked and with every default filled in. */
export interface RedisSettings {
  readonly address: Address
  readonly sentinel: SentinelGroup | null
  readonly tls: TlsOptions | null
  readonly keyPrefix: string
  readonly deadMaxJobs: number
  readonly deadMaxAgeMs: number
  readonly commandTimeoutMs: number
  readonly metrics: MetricsOption
}

const DEFAULT_URL = 'redis://127.0.0.1:6379/0'
const DEFAULT_TIMEOUT_MS = 3_000
const SENTINEL_PORT = 26_379
const KNOWN = [
  'url',
  'sentinel',
  'tls',
  'keyPrefix',
  'deadMaxJobs',
  'deadMaxAgeMs',
  'commandTimeoutMs',
  'metrics',
]
const METRICS: readonly string[] = ['auto', '7', '8', 'off'] satisfies MetricsOption[]

/**
 * Checks what the user gave and fills in the defaults.
 *
 * @throws UsageError `options.unknown` for a key that does not exist, `options.url` or `options.invalid` for a
 * value that cannot be; no message holds a password
 */
export function settingsOf(options: RedisOptions): RedisSettings {
  refuseUnknownKeys(options)
  const address = parseAddress(options.url ?? DEFAULT_URL)
  if (options.tls && !address.tls) {
    throw new UsageError('options.invalid', 'tls: expected a rediss:// URL beside it, got one without TLS')
  }
  return {
    address,
    sentinel: options.sentinel ? groupOf(options.sentinel) : null,
    tls: address.tls ? (options.tls ?? {}) : null,
    keyPrefix: prefixOf(options.keyPrefix ?? ''),
    deadMaxJobs: count(options.deadMaxJobs ?? DEAD_MAX_JOBS, 'deadMaxJobs', 0),
    deadMaxAgeMs: count(options.deadMaxAgeMs ?? DEAD_MAX_AGE_MS, 'deadMaxAgeMs', 0),
    commandTimeoutMs: count(options.commandTimeoutMs ?? DEFAULT_TIMEOUT_MS, 'commandTimeoutMs', 1),
    metrics: metricsOf(options.metrics ?? 'auto'),
  }
}

/** Without a separator at its end `shop` and `queues` would become `shopqueues`, which no other program looks for. */
function prefixOf(value: string): string {
  if (value === '' || /[^A-Za-z0-9]$/.test(value)) return value
  throw new UsageError(
    'options.invalid',
    `keyPrefix: expected a prefix that ends in a separator, such as '${value}:', got '${value}'`,
  )
}

function metricsOf(value: MetricsOption): MetricsOption {
  if (METRICS.includes(value)) return value
  throw new UsageError(
    'options.invalid',
    `metrics: expected one of ${METRICS.join(', ')}, got ${String(value)}`,
  )
}

function refuseUnknownKeys(options: RedisOptions): void {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key))
  if (unknown === undefined) return
  const near = suggest(unknown, KNOWN)
  const hint = near === null ? `expected one of ${KNOWN.join(', ')}` : `did you mean '${near}'?`
  throw new UsageError('options.unknown', `redis: there is no option '${unknown}'; ${hint}`)
}

function groupOf(options: SentinelOptions): SentinelGroup {
  if (options.sentinels.length === 0 || options.name === '') {
    throw new UsageError('options.invalid', 'sentinel: expected a name and at least one sentinel')
  }
  return {
    name: options.name,
    sentinels: options.sentinels.map((each) => parseEndpoint(each, SENTINEL_PORT, 'sentinel.sentinels')),
    credentials: { username: options.username ?? null, password: options.password ?? null },
  }
}

function count(value: number, name: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new UsageError('options.invalid', `${name}: expected a whole number from ${least}, got ${value}`)
}

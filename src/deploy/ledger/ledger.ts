import type { JobCounts, Unknown } from './count-jobs.ts'
import type { ServiceAccount } from './host-account.ts'

/**
 * What became of jobs while a deploy went on. Counts are of the whole store, up to each worker's last heartbeat. What
 * is not known is null, and `unknown` says why.
 */
export interface Ledger {
  /** Runs that were begun. */
  readonly taken: number | null
  /** Runs that ended well. */
  readonly finished: number | null
  readonly failed: number | null
  /** By old workers whose time was over, so far. */
  readonly handedBack: number | null
  /** Jobs of workers that died: they run again. */
  readonly recovered: number | null
  /** Now. */
  readonly running: number | null
  readonly waiting: number | null
  /** Old workers that still finish what they run; null when a host does not say. */
  readonly draining: number | null
  /** The longest of `gaps`, when all are known; null too when no worker was there before. */
  readonly longestGapMs: number | null
  readonly gaps: readonly Gap[]
  readonly unknown: readonly string[]
}

/**
 * From telling the old workers of a service to end, to the first new one that was ready, on one host. Where nobody was
 * told there is none.
 */
export interface Gap {
  readonly host: string
  readonly service: string
  /** 0 when the new one was ready before; null when that is not known. */
  readonly gapMs: number | null
  /** How long before the old ones were told the new one was ready; null when it was not, or is not known. */
  readonly aheadMs: number | null
}

/** A service of a host whose jobs are counted. */
export interface AccountedService {
  readonly host: string
  readonly service: string
  /** Ours: it writes into the journal what it hands back. */
  readonly isWorker: boolean
  /** null: it is not known when; undefined: none was told. */
  readonly toldMs: number | null | undefined
  readonly account: ServiceAccount | Unknown
}

export interface LedgerParams {
  readonly before: JobCounts | Unknown
  readonly after: JobCounts | Unknown
  readonly services: readonly AccountedService[]
}

export function ledgerOf({ before, after, services }: LedgerParams): Ledger {
  const unknown = new Set<string>()
  const known = <Value extends object>(value: Value | Unknown, what: string): Value | null => {
    if (!('unknown' in value)) return value
    unknown.add(`${what}: ${value.unknown}`)
    return null
  }
  const then = known(before, 'jobs before the deploy')
  const now = known(after, 'jobs after the deploy')
  const told = services.filter(({ toldMs }) => toldMs !== undefined)
  const gaps = told.map((each) => gapOf(each, unknown))
  const accounts = services
    .filter(({ isWorker }) => isWorker)
    .map(({ host, service, account }) => known<ServiceAccount>(account, `${host} ${service}`))
  const total = (key: 'handedBack' | 'recovered' | 'draining') =>
    totalOf(accounts.map((each) => each?.[key] ?? null))
  const [handedBack, recovered] = [total('handedBack'), total('recovered')]
  if (accounts.some((each) => each !== null && each.handedBack === null))
    unknown.add(
      'jobs that were handed back or recovered: the user that deploys may not read the journal (group systemd-journal)',
    )
  return {
    ...jobsBetween(then, now, { handedBack, recovered }),
    ...{ handedBack, recovered, draining: total('draining') },
    longestGapMs: gaps.length === 0 ? null : longest(gaps.map(({ gapMs }) => gapMs)),
    gaps,
    unknown: [...unknown],
  }
}

function gapOf({ host, service, toldMs, account }: AccountedService, unknown: Set<string>): Gap {
  const readyMs = 'unknown' in account ? null : account.readyMs
  if (readyMs === null || typeof toldMs !== 'number') {
    const why =
      'unknown' in account ? account.unknown : (account.why ?? 'it is not known when they were told')
    unknown.add(`gap of ${service} on ${host}: ${why}`)
    return { host, service, gapMs: null, aheadMs: null }
  }
  const gapMs = Math.round(readyMs - toldMs)
  return { host, service, gapMs: Math.max(0, gapMs), aheadMs: gapMs < 0 ? -gapMs : null }
}

function jobsBetween(
  then: JobCounts | null,
  now: JobCounts | null,
  gone: { readonly handedBack: number | null; readonly recovered: number | null },
): Pick<Ledger, 'taken' | 'finished' | 'failed' | 'running' | 'waiting'> {
  const state = { running: now?.inFlight ?? null, waiting: now?.enqueued ?? null }
  if (then === null || now === null) return { taken: null, finished: null, failed: null, ...state }
  const ended = now.processed - then.processed
  const failed = now.failed - then.failed
  const returned = totalOf([gone.handedBack, gone.recovered])
  const taken = returned === null ? null : ended + returned + now.inFlight - then.inFlight
  return { taken, finished: ended - failed, failed, ...state }
}

function totalOf(counts: ReadonlyArray<number | null>): number | null {
  return counts.reduce<number | null>(
    (sum, count) => (sum === null || count === null ? null : sum + count),
    0,
  )
}

function longest(gaps: ReadonlyArray<number | null>): number | null {
  return gaps.reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)))
}

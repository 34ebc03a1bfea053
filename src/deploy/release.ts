import { UsageError } from '../kernel/errors.ts'

/** `incomplete` until a deploy has finished with it; `bad` when one was taken back, or an operator rolled back from it. */
export type ReleaseState = 'incomplete' | 'good' | 'bad'

/** What we write down of a release, in `.capstan/releases/NAME.json`. */
export interface Manifest {
  readonly state: ReleaseState
  readonly revision: string
  readonly by: string
  /** ISO time of the last change. */
  readonly at: string
  readonly reason?: string
}

/** A release as a host has it. */
export interface ReleaseFacts {
  readonly name: string
  readonly isCurrent: boolean
  /** Some process works in it, or an instance of a service belongs to it that runs or would at boot. */
  readonly isInUse: boolean
  /** `revisions.log` says that it was deployed. */
  readonly isLogged: boolean
  readonly manifest: Manifest | null
  readonly revision: string | null
}

const STATES: ReadonlySet<string> = new Set(['incomplete', 'good', 'bad'] satisfies ReleaseState[])

/** Null for what is not ours, or broken: such a release is judged by Capistrano's own marks. */
export function readManifest(text: string): Manifest | null {
  try {
    const manifest = JSON.parse(text) as Manifest
    return STATES.has(manifest.state) ? manifest : null
  } catch {
    return null
  }
}

/** A release that Capistrano made has no manifest: it is good when Capistrano logged it as deployed. */
export function stateOf(release: ReleaseFacts): ReleaseState {
  return release.manifest?.state ?? (release.isLogged ? 'good' : 'incomplete')
}

/**
 * What cleaning up removes: all but the newest `keep` good ones and the newest that failed, which is wanted for a
 * look. Never the current one, one that is in use, or the newest good one before the current.
 */
export function releasesToRemove(releases: readonly ReleaseFacts[], keep: number): string[] {
  const newestFirst = [...releases].sort((a, b) => (a.name < b.name ? 1 : -1))
  const good = newestFirst.filter((release) => stateOf(release) === 'good')
  const failed = newestFirst.filter((release) => stateOf(release) !== 'good')
  const current = releases.find((release) => release.isCurrent)?.name
  const before = good.find((release) => current !== undefined && release.name < current)
  const kept = new Set([...good.slice(0, keep), ...failed.slice(0, 1), ...(before ? [before] : [])])
  return releases
    .filter((release) => !kept.has(release) && !release.isCurrent && !release.isInUse)
    .map((release) => release.name)
}

/**
 * The release to return to: the newest that is good and older than the current one on every host.
 * @param perHost the releases of each host, by its name
 * @throws UsageError `rollback.none` or `rollback.unknown`
 */
export function rollbackTarget(
  perHost: ReadonlyMap<string, readonly ReleaseFacts[]>,
  to: string | undefined,
): string {
  const goodEverywhere = intersection(
    [...perHost.values()].map((releases) => {
      const current = releases.find((release) => release.isCurrent)?.name
      return releases
        .filter((release) => stateOf(release) === 'good' && !release.isCurrent)
        .filter((release) => to !== undefined || current === undefined || release.name < current)
        .map((release) => release.name)
    }),
  )
  const target = to ?? goodEverywhere.at(-1)
  if (target !== undefined && goodEverywhere.includes(target)) return target
  const choice =
    goodEverywhere.length === 0 ? 'there is none' : `good on every host: ${goodEverywhere.join(', ')}`
  throw to === undefined
    ? new UsageError(
        'rollback.none',
        `no older release is good on every host (${choice}); see capstan releases`,
      )
    : new UsageError(
        'rollback.unknown',
        `release ${to} cannot be returned to: not current, good, and on every host (${choice})`,
      )
}

/**
 * `rollbackTarget` of what the hosts have, and the code in it; '' where no host knows.
 * @throws UsageError `rollback.none` or `rollback.unknown`
 */
export function rollbackGoal(
  before: ReadonlyMap<string, { readonly releases: readonly ReleaseFacts[] }>,
  to: string | undefined,
): { readonly release: string; readonly revision: string } {
  const perHost = new Map([...before].map(([name, { releases }]) => [name, releases] as const))
  const release = rollbackTarget(perHost, to)
  const [known] = [...perHost.values()].flat().filter(({ name }) => name === release)
  return { release, revision: known?.revision ?? '' }
}

function intersection(lists: readonly string[][]): string[] {
  const [first = [], ...rest] = lists
  return first.filter((name) => rest.every((list) => list.includes(name))).sort()
}

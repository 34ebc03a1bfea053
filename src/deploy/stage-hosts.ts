import { meant } from '../kernel/check.ts'
import { UsageError } from '../kernel/errors.ts'
import type { HostAddress } from '../remote/transport.ts'
import type { StageConfig } from './deploy-config.ts'
import { addressOf, hostName } from './parse-host.ts'

/** A host of a stage. */
export interface StageHost extends HostAddress {
  /** What it is called in messages and in `--hosts`: unique in its stage. */
  readonly name: string
  readonly roles: readonly string[]
  /** True for exactly one host of those that were chosen. */
  readonly primary: boolean
  readonly properties: Readonly<Record<string, string | number | boolean>>
}

/** Which hosts of a stage are meant: those that have one of these names, and one of these roles. */
export interface HostFilter {
  readonly hosts?: readonly string[]
  readonly roles?: readonly string[]
}

const DEFAULT_ROLES = ['app']

/** The hosts of a stage with their defaults. */
export function stageHosts(stage: StageConfig): StageHost[] {
  const hosts = stage.hosts.map((configured) => {
    const {
      roles = DEFAULT_ROLES,
      primary = false,
      properties = {},
    } = typeof configured === 'string' ? {} : configured
    const address = addressOf(configured, 'hosts')
    return { ...address, name: hostName(address), roles, primary, properties }
  })
  return withPrimary(hosts)
}

/**
 * The hosts that a filter chooses. The primary host is the first of them when it is not among them itself.
 * @throws UsageError `hosts.unknown`, `roles.unknown` or `hosts.none`, with what there is
 */
export function chooseHosts(hosts: readonly StageHost[], filter: HostFilter): StageHost[] {
  const roles = [...new Set(hosts.flatMap((host) => host.roles))]
  for (const role of filter.roles ?? []) {
    if (!roles.includes(role))
      throw new UsageError('roles.unknown', `no host has the role ${role}; ${choice(role, roles)}`)
  }
  for (const name of filter.hosts ?? []) {
    if (!hosts.some((host) => isCalled(host, name)))
      throw new UsageError(
        'hosts.unknown',
        `no host is called ${name}; ${choice(
          name,
          hosts.map((host) => host.name),
        )}`,
      )
  }
  const chosen = hosts.filter(
    (host) =>
      (filter.hosts?.some((name) => isCalled(host, name)) ?? true) &&
      (filter.roles?.some((role) => host.roles.includes(role)) ?? true),
  )
  if (chosen.length > 0) return withPrimary(chosen)
  const there = hosts.map(({ name, roles }) => `${name} (${roles.join(', ')})`).join(', ')
  throw new UsageError(
    'hosts.none',
    `no host has both one of these names and one of these roles; there are ${there}`,
  )
}

function choice(word: string, known: readonly string[]): string {
  const near = meant(word, known)
  return near.startsWith('known') ? near : `${near} known are ${known.join(', ')}`
}

function isCalled(host: StageHost, name: string): boolean {
  return [host.name, host.host].some((own) => own.toLowerCase() === name.toLowerCase())
}

function withPrimary(hosts: readonly StageHost[]): StageHost[] {
  const primary = hosts.find((host) => host.primary) ?? hosts[0]
  return hosts.map((host) => ({ ...host, primary: host === primary }))
}

import type { ServiceManager } from './directive.ts'
import { findDirective } from './directives.ts'
import { literal, quoteWord } from './unit-words.ts'

/** How much a worker's unit forbids: nothing, what no program misses, or all that a worker can do without. */
export type Hardening = 'off' | 'basic' | 'strict'

export interface HardeningOptions {
  readonly manager: ServiceManager
  /** May be written under `strict`; everything else is read-only. Absolute. */
  readonly writable: readonly string[]
  /** Whether code, Node or data lie in home directories, which are then read-only and not hidden. */
  readonly needsHome: boolean
}

// ProtectProc= and ProcSubset= are not among them: whether a worker of this host lives, and in which boot, stands
// in /proc, and one that cannot be seen would be taken for dead. MemoryDenyWriteExecute= kills V8.
const BASIC: ReadonlyArray<readonly [string, string]> = [
  ['NoNewPrivileges', 'yes'],
  ['PrivateTmp', 'yes'],
  ['ProtectSystem', 'full'],
  ['ProtectKernelTunables', 'yes'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectControlGroups', 'yes'],
  ['RestrictRealtime', 'yes'],
  ['RestrictSUIDSGID', 'yes'],
  ['LockPersonality', 'yes'],
]

const STRICT: ReadonlyArray<readonly [string, string]> = [
  ...BASIC.filter(([name]) => name !== 'ProtectSystem'),
  ['ProtectSystem', 'strict'],
  ['PrivateDevices', 'yes'],
  ['ProtectKernelLogs', 'yes'],
  ['ProtectClock', 'yes'],
  ['ProtectHostname', 'yes'],
  ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
  ['RestrictNamespaces', 'yes'],
  ['RemoveIPC', 'yes'],
  ['KeyringMode', 'private'],
  ['CapabilityBoundingSet', ''],
  ['AmbientCapabilities', ''],
  ['SystemCallArchitectures', 'native'],
  ['SystemCallFilter', '@system-service pkey_alloc pkey_free pkey_mprotect'],
  ['SystemCallFilter', '~@privileged @resources'],
  ['SystemCallErrorNumber', 'EPERM'],
]

/** The directives of a profile that the manager obeys, in their order. */
export function hardening(profile: Hardening, options: HardeningOptions): Array<readonly [string, string]> {
  const { manager, writable, needsHome } = options
  if (profile === 'off') return []
  const paths = writable.map((path) => quoteWord(`-${literal(path)}`)).join(' ')
  const all =
    profile === 'basic'
      ? BASIC
      : ([...STRICT, ['ProtectHome', needsHome ? 'read-only' : 'yes'], ['ReadWritePaths', paths]] as const)
  return all.filter(([name]) => (findDirective('Service', name)?.managers ?? [manager]).includes(manager))
}

import type { Finding } from '../finding.ts'
import { timeSpanMs } from '../time-span.ts'
import { lineOf, settingOf } from '../unit.ts'
import type { ServiceFacts } from './service-facts.ts'

const DEFAULT_RESTART_MS = 100
const DEFAULT_LIMIT = { intervalMs: 10_000, burst: 5 }
/** What a worker needs to load its application before it crashes: measured for a small Rails application. */
const BOOT_MS = 2_000
const MS_PER_S = 1_000
/** A block of this length can be a large garbage collection or one slow parse. */
const SHORTEST_WATCHDOG_MS = 15_000
/** Past it others may take a worker's jobs. */
const LEASE_MS = 60_000

/** Crashes, crash loops, hangs and reboots. */
export function checkRestart(service: ServiceFacts): Finding[] {
  return [
    ...checkPolicy(service),
    ...checkLimit(service),
    ...checkWatchdog(service),
    ...checkInstall(service),
  ]
}

function checkPolicy({ value, find, workerTimeoutMs }: ServiceFacts): Finding[] {
  const policy = value('Restart') ?? 'no'
  if (policy !== 'no' || workerTimeoutMs === null) return []
  return [
    find('warning', 'Restart', {
      what: 'there is no Restart=: a worker that crashes stays down',
      fix: 'Restart=always',
    }),
  ]
}

function checkLimit({ unit, value, span, find }: ServiceFacts): Finding[] {
  if (['no', null].includes(value('Restart'))) return []
  const intervalMs = limitIntervalMs(unit)
  const burst = Number(
    settingOf(unit, 'Unit', 'StartLimitBurst') ?? value('StartLimitBurst') ?? DEFAULT_LIMIT.burst,
  )
  const cycleMs = span('RestartSec', DEFAULT_RESTART_MS) + BOOT_MS
  if (intervalMs > burst * cycleMs) return []
  const enough = Math.ceil((2 * burst * cycleMs) / MS_PER_S)
  return [
    find(
      'warning',
      lineOf(unit, 'Unit', 'StartLimitIntervalSec') === null ? 'RestartSec' : 'StartLimitIntervalSec',
      {
        what:
          intervalMs === 0
            ? 'the start limit is off: a worker that cannot run crashes for ever'
            : `${burst} starts in ${intervalMs / MS_PER_S} s are never reached with ${cycleMs / MS_PER_S} s from start to start (pause and boot): a worker that cannot run crashes for ever`,
        fix: `in [Unit]: StartLimitIntervalSec=${enough} and StartLimitBurst=${burst}`,
      },
    ),
  ]
}

function limitIntervalMs(unit: ServiceFacts['unit']): number {
  const text =
    settingOf(unit, 'Unit', 'StartLimitIntervalSec') ??
    settingOf(unit, 'Unit', 'StartLimitInterval') ??
    settingOf(unit, 'Service', 'StartLimitInterval')
  return (text === null ? null : timeSpanMs(text)) ?? DEFAULT_LIMIT.intervalMs
}

function checkWatchdog({ value, span, find, runs }: ServiceFacts): Finding[] {
  const watchdogMs = span('WatchdogSec', 0)
  if (watchdogMs === 0) return []
  const warning = (what: string, fix: string) => [find('warning', 'WatchdogSec', { what, fix })]
  if (value('Type') !== 'notify' && value('Type') !== 'notify-reload' && value('NotifyAccess') === null)
    return warning(
      'WatchdogSec= kills a program that does not say that it lives, and this Type= does not ask for one that does',
      'Type=notify, or take WatchdogSec= away',
    )
  if (watchdogMs < SHORTEST_WATCHDOG_MS)
    return warning(
      `WatchdogSec=${value('WatchdogSec')}: one pause that long (garbage collection, a slow disk) kills the worker and its jobs`,
      'WatchdogSec=30',
    )
  if (runs === 'capstan' && watchdogMs >= LEASE_MS)
    return warning(
      `WatchdogSec=${value('WatchdogSec')} is not below the lease of ${LEASE_MS / MS_PER_S} s: others may run the jobs of a hung worker while it still lives`,
      'WatchdogSec=30',
    )
  return []
}

function checkInstall({ unit, manager, find, value }: ServiceFacts): Finding[] {
  const wantedBy = settingOf(unit, 'Install', 'WantedBy')
  const target = manager === 'system' ? 'multi-user.target' : 'default.target'
  if (value('Type') === 'oneshot') return []
  if (wantedBy === null && settingOf(unit, 'Install', 'RequiredBy') === null)
    return [
      find('warning', null, {
        what: 'there is no WantedBy=: it cannot be enabled, and stays off after a reboot',
        fix: `[Install]\nWantedBy=${target}`,
      }),
    ]
  if (manager === 'user' && wantedBy?.includes('multi-user.target'))
    return [
      {
        severity: 'error',
        line: lineOf(unit, 'Install', 'WantedBy'),
        what: "a user's manager has no multi-user.target: it never starts by itself",
        fix: `WantedBy=${target}`,
      },
    ]
  return []
}

import { messageOf } from '../../kernel/errors.ts'
import { RemoteError } from '../../remote/errors.ts'
import type { Script } from '../../remote/script.ts'
import type { ServiceManager } from '../deploy-config.ts'
import { DeployError } from '../deploy-error.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import type { Service } from './service.ts'
import { SYSTEMCTL, soakUnits, type UnitState, unitStates } from './unit-state.ts'

/** Lines of a service's log that a failure shows. */
const LOG_LINES = 30

/**
 * Watches services for the soak time, then holds them against what a running service of this release looks like.
 * @throws DeployError `deploy.unhealthy`, with what is wrong and the last lines of the service's log
 */
export async function requireHealthy(
  deployment: Deployment,
  host: DeployHost,
  { services, soakMs }: { readonly services: readonly Service[]; readonly soakMs: number },
): Promise<void> {
  for (const manager of ['system', 'user'] as const) {
    const its = services.filter((service) => service.manager === manager)
    if (its.length > 0) await requireRunning(deployment, host, { manager, services: its, soakMs })
  }
}

/** A worker whose store is away waits for it, and systemctl with it. */
const START_FAILURES = ['remote.exit', 'remote.timeout']

/**
 * Lets systemctl start a service. It says no more than that it failed: the log of the service says the rest.
 * @throws DeployError `deploy.unhealthy` when the service does not run
 */
export async function withReason(
  deployment: Deployment,
  { host, service }: { readonly host: DeployHost; readonly service: Service },
  start: () => Promise<unknown>,
): Promise<void> {
  try {
    await start()
  } catch (error) {
    if (error instanceof RemoteError && START_FAILURES.includes(error.code))
      await requireHealthy(deployment, host, { services: [service], soakMs: 0 })
    throw error
  }
}

async function requireRunning(
  deployment: Deployment,
  host: DeployHost,
  { manager, services, soakMs }: Watched,
): Promise<void> {
  const serviceOf = new Map(
    services.flatMap((service) => deployment.unitsOf(host, service).map((unit) => [unit, service])),
  )
  const seconds = Math.ceil(soakMs / 1000)
  const { stdout } = await deployment.run(host, soakUnits(manager, [...serviceOf.keys()], seconds))
  for (const state of unitStates(stdout)) {
    const directory = serviceOf.get(state.unit)?.followsRelease ? deployment.directory : null
    const wrong = unhealthy(state, directory)
    if (wrong === null) continue
    const lines = await lastLines(deployment, host, readLog(manager, state, LOG_LINES))
    throw new DeployError('deploy.unhealthy', `${state.unit} ${wrong}; its last lines:\n${lines}`)
  }
}

interface Watched {
  readonly manager: ServiceManager
  readonly services: readonly Service[]
  readonly soakMs: number
}

/** What keeps a unit from being believed, or null. `directory` is where it has to work, null when that is its own affair. */
export function unhealthy(state: UnitState, directory: string | null): string | null {
  if (!state.isInstalled) return 'is not installed'
  if (state.active !== 'active') {
    const says = state.status === '' ? '' : `, says "${state.status}"`
    return `is ${state.active} (${state.sub}, result ${state.result}${says})`
  }
  if (state.restarts > 0) {
    const times = state.restarts === 1 ? 'once' : `${state.restarts} times`
    return `was restarted by systemd ${times}`
  }
  if (directory === null) return null
  if (state.sub !== 'running') return `is not running (${state.sub})`
  if (state.directory !== '' && state.directory !== directory)
    return `works in ${state.directory}, not in ${directory}`
  return null
}

async function lastLines(deployment: Deployment, host: DeployHost, script: Script): Promise<string> {
  try {
    return withoutInternals((await deployment.run(host, script)).stdout).trimEnd()
  } catch (error) {
    return `(the log could not be read: ${messageOf(error)})`
  }
}

/** Where in Node an error came by helps nobody to mend a job. */
export function withoutInternals(log: string): string {
  return log.replace(/^[ \t]+at .*\bnode:internal\/.*\n?/gm, '')
}

/**
 * What a unit printed in its last attempt; where that is nothing, the last lines of its journal, which tell what systemd
 * found. Without times and processes: what several hosts say alike is the same text. Who may not read the journal is told
 * by systemd itself.
 */
export function readLog(manager: ServiceManager, state: UnitState, lines: number): Script {
  // One that was started again has not said yet why it died before.
  const isReason = state.restarts === 0 || HAS_ENDED.test(state.sub)
  return {
    name: `read the log of ${state.unit}`,
    body: `${SYSTEMCTL}${LOG}`,
    args: [manager, state.unit, String(lines), isReason ? state.invocation : ''],
    reads: true,
  }
}

const HAS_ENDED = /^(auto-restart|failed|dead)/

const LOG = `
unit=$1 lines=$2 invocation=$3
if [ -n "$invocation" ]; then
  printed=$(journalctl --no-pager --quiet -o cat -n "$lines" "_SYSTEMD_INVOCATION_ID=$invocation" 2>/dev/null || true)
  if [ -n "$printed" ]; then printf '%s\\n' "$printed"; exit 0; fi
fi
flag=--unit
if [ "$manager" = user ]; then flag=--user-unit; fi
journalctl --no-pager --quiet -o cat "$flag=$unit" -n "$lines" 2>&1 || systemctl status --no-pager -n "$lines" "$unit" 2>&1 || true
`

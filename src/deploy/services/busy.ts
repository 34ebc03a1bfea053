import type { Script } from '../../remote/script.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import type { ServiceManager } from '../deploy-config.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { type Reply, SAY } from '../on-host/reply.ts'
import type { SidekiqService, WorkerService } from './service.ts'
import { SYSTEMCTL } from './unit-state.ts'

/** How many jobs quieted units still run; null while one of them has not said it yet. */
export interface Busy {
  readonly jobs: number | null
}

/** Asks quieted units how many jobs they still run. A unit that does not run has none. */
export async function busyUnits(
  deployment: Deployment,
  host: DeployHost,
  { service, units }: { readonly service: WorkerService | SidekiqService; readonly units: readonly string[] },
): Promise<Busy> {
  const { stdout } = await host.shell.run(askBusy(service.manager, units), {
    signal: deployment.params.signal,
  })
  return busyOf(stdout)
}

export function busyOf(text: string): Busy {
  const counts = text.split('\n').filter(Boolean).map(countOf)
  return { jobs: counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) }
}

/**
 * A worker of ours says `quiet, 3/10 busy` to systemd at once. Sidekiq says `[3 of 10 busy] stopping` in the title of
 * its process, but every five seconds only: a title without `stopping` is older than the quiet. Sooner than that its
 * threads tell when it is idle.
 */
function countOf(line: string): number | null {
  if (line === 'gone' || line === 'idle') return 0
  const ours = /^status .*?(\d+)\/\d+ busy/.exec(line) ?? /^status .*?(\d+) jobs? left/.exec(line)
  if (ours) return Number(ours[1])
  const title = /^title .*\[(\d+) of \d+ busy\] stopping/.exec(line)
  return title ? Number(title[1]) : null
}

/**
 * Tells units to take no more jobs. Those that are not active take none, and that is no failure: a deploy goes on to
 * start them. `quietedUnits` reads which are which.
 */
export function quiet(manager: ServiceManager, units: readonly string[]): Script[] {
  return units.map((unit) => ({
    name: `quiet ${unit}`,
    body: QUIET,
    args: [manager, unit, ...systemctl('quiet', unit, manager)],
  }))
}

const QUIET = `${SYSTEMCTL}${SAY}
unit=$1; shift
if systemctl is-active --quiet "$unit"; then
  command "$@"
  say quieted "$unit"
else
  load=$(systemctl show -p LoadState "$unit")
  active=$(systemctl show -p ActiveState "$unit")
  say not-quieted "$unit \${load#LoadState=} \${active#ActiveState=}"
fi
`

/** A unit that had nothing to be told. */
export interface UnquietedUnit {
  readonly unit: string
  readonly isInstalled: boolean
  /** `inactive`, `failed`, `activating`, `deactivating` */
  readonly active: string
}

export function quietedUnits(reply: Reply): {
  readonly quieted: readonly string[]
  readonly others: readonly UnquietedUnit[]
} {
  const others = reply.all('not-quieted').map((words) => {
    const [unit = '', load, active = ''] = words.split(' ')
    return { unit, isInstalled: load === 'loaded', active }
  })
  return { quieted: reply.all('quieted'), others }
}

function askBusy(manager: ServiceManager, units: readonly string[]): Script {
  return { name: 'ask for running jobs', body: `${SYSTEMCTL}${ASK}`, args: [manager, ...units], reads: true }
}

const ASK = `
for unit in "$@"; do
  pid=$(systemctl show -p MainPID --value "$unit")
  if [ "$pid" = 0 ]; then echo gone; continue; fi
  status=$(systemctl show -p StatusText --value "$unit")
  if [ -n "$status" ]; then printf 'status %s\\n' "$status"; continue; fi
  title=$(tr '\\0\\n' '  ' <"/proc/$pid/cmdline" 2>/dev/null || true)
  # A quieted Sidekiq 6 ends each of its threads called so with the job that it runs; other versions name them otherwise.
  case $title in
    'sidekiq 6.'*) if ! cat "/proc/$pid"/task/*/comm 2>/dev/null | grep -qx processor; then echo idle; continue; fi ;;
  esac
  printf 'title %s\\n' "$title"
done
`

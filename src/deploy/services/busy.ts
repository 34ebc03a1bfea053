import type { Script } from '../../remote/script.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import type { ServiceManager } from '../deploy-config.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
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

/** Tells units to take no more jobs; those that do not run take none. */
export function quiet(manager: ServiceManager, units: readonly string[]): Script[] {
  return units.map((unit) => ({
    name: `quiet ${unit}`,
    body: QUIET,
    args: [manager, unit, ...systemctl('quiet', unit, manager)],
  }))
}

const QUIET = `${SYSTEMCTL}
unit=$1; shift
if systemctl is-active --quiet "$unit"; then command "$@"; fi
`

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

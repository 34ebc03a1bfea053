import type { Script } from '../../remote/script.ts'
import { timeSpanMs } from '../../systemd/time-span.ts'
import type { ServiceManager } from '../deploy-config.ts'

/** What systemd knows of a unit; reading it needs no right. */
export interface UnitState {
  readonly unit: string
  readonly isInstalled: boolean
  readonly active: string
  readonly sub: string
  readonly result: string
  readonly pid: number
  /** Changes with each start. */
  readonly invocation: string
  readonly restarts: number
  /** What the service says of itself, such as `3/10 busy`. */
  readonly status: string
  /** Where its process works, links resolved; '' when that cannot be read. */
  readonly directory: string
  readonly isEnabled: boolean
  readonly hasReload: boolean
  /** Who it runs as; '' is root in the system manager. */
  readonly user: string
  readonly file: string
  readonly stopTimeoutMs: number | null
  readonly needsReload: boolean
}

const PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'InvocationID',
  'NRestarts',
  'StatusText',
  'UnitFileState',
  'ExecReload',
  'User',
  'FragmentPath',
  'TimeoutStopUSec',
  'NeedDaemonReload',
]

/** Asks for the state of units by name. */
export function showUnits(manager: ServiceManager, units: readonly string[]): Script {
  return {
    name: 'look at the units',
    body: `${SYSTEMCTL}${SHOW}`,
    args: [manager, PROPERTIES.join(','), ...units],
    reads: true,
  }
}

/** Asks for the state of all instances of a template that systemd has in memory or will start at boot. */
export function showInstances(manager: ServiceManager, template: string): Script {
  return {
    name: 'look at the instances',
    body: `${SYSTEMCTL}${FIND_INSTANCES}${SHOW}`,
    args: [manager, PROPERTIES.join(','), template],
    reads: true,
  }
}

/** Watches units for some seconds and then tells their state; ends early when one is not active any more. */
export function soakUnits(manager: ServiceManager, units: readonly string[], seconds: number): Script {
  return {
    name: `watch for ${seconds} s`,
    body: `${SYSTEMCTL}${SOAK}${SHOW}`,
    args: [manager, PROPERTIES.join(','), String(seconds), ...units],
    reads: true,
  }
}

// A user manager is found by its runtime directory, which a session without PAM does not name.
export const SYSTEMCTL = `
manager=$1; shift
if [ "$manager" = user ]; then
  export XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  systemctl() { command systemctl --user "$@"; }
fi
`

const FIND_INSTANCES = `
properties=$1 template=$2
loaded=$(systemctl list-units --all --plain --no-legend --full "$template@*" | awk '{ print $1 }')
enabled=$(systemctl list-unit-files --no-legend --full "$template@*" | awk '$2 != "static" { print $1 }')
units=$(printf '%s\\n' $loaded $enabled | grep -v '@\\.' | sort -u || true)
set -- "$properties" $units
`

// The blank line ends the last block: another question may follow in the same answer.
const SHOW = `
properties=$1; shift
if [ $# -gt 0 ]; then
  systemctl show --no-pager -p "$properties" "$@" | while IFS= read -r line; do
    printf '%s\\n' "$line"
    case $line in
      MainPID=0) ;;
      MainPID=*) printf 'Directory=%s\\n' "$(readlink -- "/proc/\${line#MainPID=}/cwd" 2>/dev/null || true)" ;;
    esac
  done
  echo
fi
`

const SOAK = `
properties=$1 seconds=$2; shift 2
while [ $seconds -gt 0 ]; do
  for unit in "$@"; do
    if [ "$(systemctl is-active "$unit" || true)" != active ]; then seconds=0; fi
  done
  if [ $seconds -gt 0 ]; then sleep 1; seconds=$((seconds - 1)); fi
done
set -- "$properties" "$@"
`

/** Reads the blocks that `systemctl show` prints, one a unit. */
export function unitStates(text: string): UnitState[] {
  return text
    .split(/\n\n+/)
    .map(
      (block) =>
        new Map(
          block.split('\n').flatMap((line) => {
            const at = line.indexOf('=')
            return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
          }),
        ),
    )
    .filter((block) => block.has('Id'))
    .map(unitState)
}

function unitState(block: ReadonlyMap<string, string>): UnitState {
  const text = (name: string) => block.get(name) ?? ''
  return {
    unit: text('Id'),
    isInstalled: text('LoadState') === 'loaded',
    active: text('ActiveState'),
    sub: text('SubState'),
    result: text('Result'),
    pid: Number(text('MainPID')),
    invocation: text('InvocationID'),
    restarts: Number(text('NRestarts')),
    status: text('StatusText'),
    directory: text('Directory'),
    isEnabled: text('UnitFileState').startsWith('enabled'),
    hasReload: text('ExecReload') !== '',
    user: text('User'),
    file: text('FragmentPath'),
    stopTimeoutMs: timeSpanMs(text('TimeoutStopUSec')),
    needsReload: text('NeedDaemonReload') === 'yes',
  }
}

import type { Script } from '../../remote/script.ts'
import type { ServiceManager } from '../deploy-config.ts'
import { type Reply, SAY } from '../on-host/reply.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

/** A unit file of a worker, whoever wrote it. */
export interface FoundUnit {
  /** With its suffix; a template ends in `@.service`. */
  readonly name: string
  readonly manager: ServiceManager
  readonly path: string
  readonly owner: string
  /** Octal, as `640`. */
  readonly mode: string
  /** Whether the user that deploys may write it. */
  readonly isWritable: boolean
  /** The file and its drop-ins, as `systemctl cat` prints them. */
  readonly text: string
  /** The unit itself, or the instances of a template that run or start at boot. */
  readonly services: readonly FoundService[]
}

export interface FoundService {
  readonly name: string
  readonly active: string
  readonly sub: string
  /** `enabled`, `disabled`, `static`, …; '' when systemd does not say. */
  readonly startsAtBoot: string
  /** 0: no process. */
  readonly pid: number
  /** Who the process belongs to. */
  readonly owner: string
  /** Links resolved, with ` (deleted)` behind a folder that is gone; '' when it cannot be read. */
  readonly directory: string
  /** What the process calls itself. */
  readonly title: string
  /** What it told systemd. */
  readonly status: string
}

/** Looks for units that run `sidekiq` or `capstan`, or anything in a folder of the application. */
export function probeServices(manager: ServiceManager, root: string): Script {
  return {
    name: `look for the units of the ${manager} manager`,
    body: `${SAY}${SYSTEMCTL}${BODY}`,
    args: [manager, root.replace(/[.[\]*^$+?(){}|\\]/g, '\\$&')],
    reads: true,
  }
}

export function foundUnits(reply: Reply, manager: ServiceManager): FoundUnit[] {
  const about = (key: string, name: string) =>
    reply
      .all(`${manager}-${key}`)
      .filter((value) => value.startsWith(`${name} `))
      .map((value) => value.slice(name.length + 1))
  return reply.all(`${manager}-unit`).map((name) => {
    const [owner = '', mode = '', writable, ...path] = about('file', name)[0]?.split(' ') ?? []
    return {
      ...{ name, manager, owner, mode, isWritable: writable === 'yes', path: path.join(' ') },
      text: about('text', name).join('\n'),
      services: about('service', name).map((service) => foundService(service, about)),
    }
  })
}

function foundService(name: string, about: (key: string, name: string) => string[]): FoundService {
  const properties = new Map(about('show', name).map((line) => splitAt(line, '=')))
  const [processLine = ''] = about('process', name)
  const [owner, directory] = splitAt(processLine, ' ')
  return {
    ...{ name, owner, directory },
    active: properties.get('ActiveState') ?? '',
    sub: properties.get('SubState') ?? '',
    startsAtBoot: properties.get('UnitFileState') ?? '',
    pid: Number(properties.get('MainPID') ?? 0),
    title: about('title', name)[0]?.trim() ?? '',
    status: properties.get('StatusText') ?? '',
  }
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

const BODY = `
root=$1
command -v systemctl >/dev/null || exit 0
if [ "$manager" = user ]; then
  home=$(getent passwd "$(id -un)" | cut -d: -f6)
  set -- "$home/.config/systemd/user" /etc/systemd/user
else
  set -- /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system
fi
key() { name=$1; shift; say "$manager-$name" "$*"; }
seen=' '
for folder in "$@"; do
  for path in $({
    grep -lsE '^[[:space:]]*ExecStart[[:space:]]*=.*(sidekiq|capstan)' "$folder"/*.service || true
    grep -lsE "^[[:space:]]*WorkingDirectory[[:space:]]*=[[:space:]]*-?$root(/|\\$)" "$folder"/*.service || true
  } | sort -u); do
    unit=\${path##*/}
    case $seen in *" $unit "*) continue ;; esac
    seen="$seen$unit "
    key unit "$unit"
    writable=no
    if [ -w "$path" ]; then writable=yes; fi
    key file "$unit" "$(stat -L -c '%U %a' "$path")" "$writable" "$path"
    { systemctl cat --no-pager "$unit" 2>/dev/null || cat "$path"; } | while IFS= read -r line; do key text "$unit" "$line"; done
    services=$unit
    case $unit in *@.service)
      services=$({
        systemctl list-units --all --plain --no-legend --full "\${unit%.service}*" | awk '{ print $1 }'
        systemctl list-unit-files --no-legend --full "\${unit%.service}*" | awk '{ print $1 }'
      } 2>/dev/null | grep -v '@\\.' | sort -u || true) ;;
    esac
    for service in $services; do
      key service "$unit" "$service"
      { systemctl show --no-pager -p ActiveState,SubState,UnitFileState,MainPID,StatusText "$service" 2>/dev/null || true; } |
        while IFS= read -r line; do
          key show "$service" "$line"
          case $line in
            MainPID=0) ;;
            MainPID=*)
              pid=\${line#MainPID=}
              key process "$service" "$(stat -c %U "/proc/$pid" 2>/dev/null || true)" "$(readlink -- "/proc/$pid/cwd" 2>/dev/null || true)"
              key title "$service" "$(tr '\\0\\n' '  ' <"/proc/$pid/cmdline" 2>/dev/null || true)" ;;
          esac
        done
    done
  done
done
`

import { inOrder, type Script } from '../../remote/script.ts'
import type { Service } from './service.ts'
import { SYSTEMCTL } from './unit-state.ts'

/** The journal of services: of all instances of a template, and of fixed units. With `follow` it ends by a cancel only. */
export function followLogs(
  services: readonly Service[],
  { lines, follow }: { readonly lines: number; readonly follow: boolean },
): Script {
  const [manager = 'system'] = services.map((service) => service.manager)
  const units = services.map((service) =>
    service.type === 'worker' ? `${service.template}@*` : service.unitFile,
  )
  return inOrder('read the logs', [
    {
      name: 'logs',
      body: `${SYSTEMCTL}${LOGS}`,
      args: [manager, String(lines), follow ? '-f' : '', ...units],
      reads: true,
    },
  ])
}

// journalctl matches patterns of units that it has seen; reading changes nothing, so a pattern is safe here.
// Where it has seen none, it fails with "No data available".
const LOGS = `
flag=--unit
if [ "$manager" = user ]; then flag=--user-unit; fi
lines=$1 follow=$2; shift 2
count=$#
while [ $count -gt 0 ]; do set -- "$@" "$flag=$1"; shift; count=$((count - 1)); done
case $(journalctl --quiet -n 0 "$@" 2>&1 || true) in
  'Failed to add filter'*)
    echo 'the journal knows no unit of these services: nothing was deployed yet, or its entries are gone'
    exit 0 ;;
esac
exec journalctl --no-pager --quiet -o short-iso -n "$lines" \${follow:+"$follow"} "$@" 2>&1
`

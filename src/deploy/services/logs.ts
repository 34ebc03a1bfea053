import type { Script } from '../../remote/script.ts'
import type { Service } from './service.ts'

/**
 * The journal of services: of all instances of a template, and of fixed units. Prints nothing where it has no line of
 * them. With `follow` it ends by a cancel only.
 * @param services at least one: without any it would be the journal of the whole host
 */
export function followLogs(
  services: readonly Service[],
  { lines, follow }: { readonly lines: number; readonly follow: boolean },
): Script {
  return {
    name: 'read the logs',
    body: LOGS,
    args: [String(lines), follow ? '-f' : '', ...services.map(unitOption)],
    reads: true,
  }
}

/** Each says which manager is meant: a stage may have services of both. */
function unitOption(service: Service): string {
  const option = service.manager === 'user' ? '--user-unit' : '--unit'
  return `${option}=${service.type === 'worker' ? `${service.template}@*` : service.unitFile}`
}

// journalctl matches patterns of units that it has seen; reading changes nothing, so a pattern is safe here.
// Where it has seen none, it fails with "No data available".
const LOGS = `
lines=$1 follow=$2; shift 2
case $(journalctl --quiet -n 0 "$@" 2>&1 || true) in
  'Failed to add filter'*) exit 0 ;;
esac
exec journalctl --no-pager --quiet -o short-iso -n "$lines" \${follow:+"$follow"} "$@"
`

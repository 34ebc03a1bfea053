import type { Script } from '../../remote/script.ts'
import { Reply, SAY } from '../on-host/reply.ts'
import type { Service } from '../services/service.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

/** What one service on one host tells of the time since the deploy began. */
export interface ServiceAccount {
  /** When the first of the new units was ready, in ms since boot; null: systemd does not know it, `why` says why. */
  readonly readyMs: number | null
  readonly why: string | null
  /** Old workers that still finish what they run. */
  readonly draining: number
  /** Jobs that old workers gave back untouched; null when the journal cannot be read. */
  readonly handedBack: number | null
  /** Jobs of dead workers that went back; null as well. */
  readonly recovered: number | null
}

export interface AccountParams {
  readonly service: Service
  /** Those that run the service by this deploy. */
  readonly units: readonly string[]
  /** Seconds since 1970 on the host's clock. */
  readonly since: number
}

/** Asks systemd and the journal. */
export function askAccount({ service, units, since }: AccountParams): Script {
  const { name, manager } = service
  const pattern = service.type === 'worker' ? `${service.template}@*` : service.unitFile
  return {
    name: `take stock of ${name}`,
    body: `${SAY}${SYSTEMCTL}${ASK}`,
    args: [manager, name, pattern, String(since), ...units],
    reads: true,
  }
}

// Each worker has said something: a journal with nothing of one is one that this user may not read.
const ASK = `
service=$1 pattern=$2 since=$3; shift 3
for unit in "$@"; do
  say ready "$service $(systemctl show -p ActiveEnterTimestampMonotonic --value "$unit") $(systemctl show -p Type --value "$unit")"
done
if [ -r /sys/power/suspend_stats/success ]; then say slept "$service $(cat /sys/power/suspend_stats/success)"; fi
say draining "$service $(systemctl list-units --plain --no-legend --full --state=deactivating "$pattern" | wc -l)"
flag=--unit
if [ "$manager" = user ]; then flag=--user-unit; fi
readable=
for unit in $(systemctl list-units --plain --no-legend --full "$pattern" | awk '{ print $1 }'); do
  readable=yes
  [ -n "$(journalctl --quiet --no-pager -o cat -n 1 "$flag=$unit" 2>/dev/null || true)" ] || { readable=; break; }
done
if [ -n "$readable" ]; then say readable "$service yes"; fi
journalctl --quiet --no-pager -o cat --since "@$since" "$flag=$pattern" 2>/dev/null | while IFS= read -r line; do
  say journal "$service $line"
done
`

const US_PER_MS = 1_000

export function serviceAccount({ name }: Service, stdout: string): ServiceAccount {
  const reply = new Reply(stdout)
  const about = (key: string) =>
    reply
      .all(key)
      .filter((value) => value.startsWith(`${name} `))
      .map((value) => value.slice(name.length + 1))
  const ready = about('ready').map((value) => value.split(' '))
  const moments = ready.map(([us]) => Number(us) / US_PER_MS).filter((ms) => ms > 0)
  const why = whyUnknown({
    isNotified: ready.every(([, type]) => type?.startsWith('notify')),
    slept: Number(about('slept').at(-1) ?? 0) > 0,
    isEmpty: moments.length === 0,
  })
  const lines = about('journal')
  const isReadable = about('readable').length > 0
  return {
    readyMs: why === null ? Math.min(...moments) : null,
    why,
    draining: Number(about('draining').at(-1) ?? 0),
    handedBack: isReadable ? sum(lines, /jobs are handed back\s+jobs=(\d+)/) : null,
    recovered: isReadable ? sum(lines, RECOVERED_BY_WORKER) + sum(lines, RECOVERED_AT_STOP) : null,
  }
}

const RECOVERED_BY_WORKER = /^recovered a dead worker\b.*\sjobs=(\d+)/

/**
 * Of `capstan recover` after a unit's end: the identity of the dead worker (`HOSTNAME:PID:NONCE`), and how many jobs. What
 * follows is for people, and each release brings its own words.
 */
const RECOVERED_AT_STOP = /^\S+:\d+:[0-9a-f]+: (\d+)\b/

function whyUnknown(known: {
  readonly isNotified: boolean
  readonly slept: boolean
  readonly isEmpty: boolean
}): string | null {
  if (known.isEmpty) return 'systemd does not say when it was ready'
  if (!known.isNotified) return 'its unit is not Type=notify, so systemd does not know when it was ready'
  return known.slept ? 'the host has slept since it was booted, so its clocks differ' : null
}

function sum(lines: readonly string[], form: RegExp): number {
  return lines.reduce((total, line) => total + Number(form.exec(line)?.[1] ?? 0), 0)
}

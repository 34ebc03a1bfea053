import type { Script } from '../../remote/script.ts'
import { Reply, SAY } from '../on-host/reply.ts'
import type { Service } from '../services/service.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

const MS_PER_S = 1_000

/** When the old workers of a service were told to take no more jobs, on each host's own clock. */
export class CutoverMoments {
  readonly #toldMs = new Map<string, number>()

  /** Notes what `tellMoment` said. */
  heard(host: string, stdout: string): void {
    for (const value of new Reply(stdout).all('told')) {
      const [service = '', seconds] = value.split(' ')
      this.#toldMs.set(`${host} ${service}`, Number(seconds) * MS_PER_S)
    }
  }

  /** Milliseconds since the host was booted; null when no worker of the service was there to be told. */
  toldMs(host: string, service: string): number | null {
    return this.#toldMs.get(`${host} ${service}`) ?? null
  }
}

/** Says the moment when a service's old units are told to end, if one of them is active; it goes right before that. */
export function tellMoment({ name, manager }: Service, units: readonly string[]): Script {
  return {
    name: 'note the moment',
    body: `${SAY}${SYSTEMCTL}${TELL}`,
    args: [manager, name, ...units],
    reads: true,
  }
}

// systemd counts by CLOCK_MONOTONIC, which is the uptime on a machine that never slept.
const TELL = `
service=$1; shift
for unit in "$@"; do
  if systemctl is-active --quiet "$unit"; then
    say told "$service $(cut -d ' ' -f 1 /proc/uptime)"
    exit 0
  fi
done
`

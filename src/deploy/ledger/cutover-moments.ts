import type { Script } from '../../remote/script.ts'
import type { RunResult } from '../../remote/transport.ts'
import { Reply, SAY } from '../on-host/reply.ts'
import type { Service } from '../services/service.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

const MS_PER_S = 1_000

/** When the old workers of a service were told to take no more jobs, on each host's own clock. */
export class CutoverMoments {
  readonly #toldMs = new Map<string, number | null>()

  /** Does what tells the old workers of a service, of which `tellMoment` is a part, and notes what that said. */
  async tell(host: string, service: string, work: () => Promise<RunResult>): Promise<void> {
    const key = `${host} ${service}`
    // Should it fail, some may have been told.
    this.#toldMs.set(key, null)
    const told = new Reply((await work()).stdout).one('told')
    if (told === undefined) this.#toldMs.delete(key)
    else this.#toldMs.set(key, Number(told) * MS_PER_S)
  }

  /** Milliseconds since the host was booted; null: it is not known when; undefined: nobody was told. */
  toldMs(host: string, service: string): number | null | undefined {
    return this.#toldMs.get(`${host} ${service}`)
  }
}

/** Says the moment when a service's old units are told to end, if one of them is active; it goes right before that. */
export function tellMoment({ manager }: Service, units: readonly string[]): Script {
  return {
    name: 'note the moment',
    body: `${SAY}${SYSTEMCTL}${TELL}`,
    args: [manager, ...units],
    reads: true,
  }
}

// systemd counts by CLOCK_MONOTONIC, which is the uptime on a machine that never slept.
const TELL = `
for unit in "$@"; do
  if systemctl is-active --quiet "$unit"; then
    say told "$(cut -d ' ' -f 1 /proc/uptime)"
    exit 0
  fi
done
`

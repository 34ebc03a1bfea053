import { messageOf } from '../../kernel/errors.ts'
import type { Script } from '../../remote/script.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { CAPSTAN_PROGRAM } from '../layout.ts'
import { Reply, SAY } from '../on-host/reply.ts'
import { servicesOn, type WorkerService } from '../services/service.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

/** What the store counted so far, of all workers that use it. Workers report at their heartbeats. */
export interface JobCounts {
  /** Runs that ended, those that failed among them. */
  readonly processed: number
  readonly failed: number
  readonly inFlight: number
  readonly enqueued: number
}

/** A look that did not succeed, in words. */
export interface Unknown {
  readonly unknown: string
}

/** A store that is away must not hold the deploy up. */
const LIMIT_MS = 20_000

/** Asks the store, on the primary host, by a running worker's own Node, code and environment. */
export async function countJobs(deployment: Deployment): Promise<JobCounts | Unknown> {
  const primary = deployment.hosts.find((host) => host.primary)
  if (primary === undefined) return { unknown: 'no host is primary' }
  const worker = servicesOn(deployment.stage, primary).find((service) => service.type === 'worker')
  if (worker === undefined) return { unknown: `${primary.name} has no worker of Capstan` }
  try {
    return await asked(primary, worker)
  } catch (error) {
    return { unknown: messageOf(error).split('\n').at(-1)!.trim() }
  }
}

async function asked(host: DeployHost, { manager, template }: WorkerService): Promise<JobCounts | Unknown> {
  const script: Script = {
    name: 'count the jobs',
    body: `${SAY}${SYSTEMCTL}${COUNT}`,
    args: [manager, template, PROGRAM],
    reads: true,
  }
  const { stdout } = await host.shell.run(script, { timeoutMs: LIMIT_MS })
  const reply = new Reply(stdout)
  const text = reply.one('stats')
  if (text !== undefined) return JSON.parse(text) as JobCounts
  if (reply.has('foreign'))
    return { unknown: `${host.name}: only ${reply.one('foreign')} may read the environment of its worker` }
  return { unknown: `${host.name}: no worker ran` }
}

// The environment of a running worker is the only one that is surely right, and it goes from /proc to the program
// without being an argument, which others could see.
const COUNT = `
template=$1 program=$2
units=$(systemctl list-units --plain --no-legend --full --state=active "$template@*.service" | awk '{ print $1 }')
for unit in $units; do
  pid=$(systemctl show -p MainPID --value "$unit")
  [ "$pid" != 0 ] || continue
  if ! cat "/proc/$pid/environ" >/dev/null 2>&1; then say foreign "$(stat -c %U "/proc/$pid" || true)"; continue; fi
  cd -- "$(readlink -- "/proc/$pid/cwd")"
  stats=$(timeout 15 "$(readlink -- "/proc/$pid/exe")" -e "$program" "$pid")
  say stats "$stats"
  exit 0
done
`

/** Runs `capstan stats` with the variables of another process, but those by which systemd knows that one. */
const PROGRAM = `
const { readFileSync } = require('fs')
const { spawnSync } = require('child_process')
const env = {}
for (const pair of readFileSync('/proc/' + process.argv[1] + '/environ', 'utf8').split('\\0')) {
  const at = pair.indexOf('=')
  if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1)
}
for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'INVOCATION_ID', 'JOURNAL_STREAM']) delete env[name]
const words = ['${CAPSTAN_PROGRAM}', 'stats', '--days', '1', '--json']
const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' })
if (status !== 0) {
  process.stderr.write(stderr)
  process.exit(1)
}
const { processed, failed, inFlight, enqueued } = JSON.parse(stdout)
process.stdout.write(JSON.stringify({ processed, failed, inFlight, enqueued }))
`

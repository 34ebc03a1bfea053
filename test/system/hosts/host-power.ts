import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS_NEED_V1 } from './control-groups.ts'
import { eventually } from './eventually.ts'
import { LIMITS_INIT } from './host-image.ts'
import { runInside } from './run-inside.ts'
import { BRIDGE, type Slot } from './slot.ts'

const BOOT = join(import.meta.dirname, 'boot.sh')
const PINNED_NODE = join(import.meta.dirname, '../../../node_modules/node/bin/node')

/** About two seconds on an idle machine. */
const BOOT_LIMIT_MS = 60_000

/** A unit may take systemd's 90 s to stop. */
const OFF_LIMIT_MS = 110_000

/** SIGRTMIN+4 tells systemd to power off. */
const POWER_BUTTON = 34 + 4

/** How much of the log of a host that does not come up is shown. */
const LOG_TAIL = 4_000

export interface PowerOptions {
  readonly image: string
  readonly hostName: string
  readonly limits: boolean
  /** Read-only: `{ from: to }`. */
  readonly binds: Readonly<Record<string, string>>
}

/** For `binds`: the pinned Node, where a shell inside finds it. */
export function nodeBind(): Record<string, string> {
  return { [realpathSync(PINNED_NODE)]: '/usr/local/bin/node' }
}

/** Switches one host on and off. */
export class HostPower {
  readonly #slot: Slot
  readonly #options: PowerOptions
  #process: ChildProcess | null = null

  constructor(slot: Slot, options: PowerOptions) {
    this.#slot = slot
    this.#options = options
  }

  /** The pid, on this machine, of the systemd inside. Throws when the host is off. */
  leader(): number {
    const pid = this.#slot.groups.leader()
    if (pid === null) throw new Error(`${this.#options.hostName} is off`)
    return pid
  }

  async on(): Promise<void> {
    if (!this.#slot.groups.isEmpty()) throw new Error(`${this.#options.hostName} is on already`)
    await this.#slot.unplug()
    const log = openSync(this.#logFile, 'a')
    const isolated = ['--mount', '--net', '--propagation', 'private', BOOT, ...this.#nspawnOptions()]
    this.#process = spawn('unshare', isolated, {
      // A session of its own: what ends the test's process group is not to end half a host.
      detached: true,
      stdio: ['ignore', log, log],
      env: this.#environment(),
    })
    this.#process.unref()
    closeSync(log)
    await this.isUp(() => true)
  }

  /** Resolves when systemd says that all is running; rejects when a unit has failed. */
  async isUp(isExpected: (bootId: string) => boolean): Promise<void> {
    const state = await eventually(`${this.#options.hostName} is up`, BOOT_LIMIT_MS, async () => {
      if (this.#process?.exitCode !== null)
        throw new Error(`${this.#options.hostName} is off:\n${this.#logTail()}`)
      const bootId = await this.#said('cat /proc/sys/kernel/random/boot_id')
      if (bootId === '' || !isExpected(bootId)) return null
      const said = await this.#said('systemctl is-system-running --wait')
      return ['running', 'degraded'].includes(said) && said
    })
    if (state === 'running') return
    throw new Error(
      `${this.#options.hostName} came up degraded:\n${await this.#said('systemctl --failed --no-pager')}`,
    )
  }

  /** All processes at once. */
  async cut(): Promise<void> {
    await this.#slot.groups.kill()
  }

  async off(): Promise<void> {
    process.kill(this.leader(), POWER_BUTTON)
    await eventually(`${this.#options.hostName} is off`, OFF_LIMIT_MS, () => this.#slot.groups.isEmpty())
  }

  /** Nothing while nobody answers. */
  async #said(script: string): Promise<string> {
    const leader = this.#slot.groups.leader()
    return leader === null ? '' : (await runInside(leader, script)).stdout.trim()
  }

  get #logFile(): string {
    return join(this.#slot.folder, 'log')
  }

  #logTail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-LOG_TAIL)
  }

  #environment(): NodeJS.ProcessEnv {
    const { groups, folder, name, address } = this.#slot
    const { image, limits } = this.#options
    return {
      PATH: process.env.PATH,
      ENTER: groups.create({ limits }).join(' '),
      ...{ IMAGE: image, DISK: folder },
      ...{ LINK: name, BRIDGE, ADDRESS: address, OUTSIDE: String(process.pid) },
      // As on today's servers: v2 inside, whatever this machine has.
      ...(limits && LIMITS_NEED_V1 ? {} : { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' }),
    }
  }

  #nspawnOptions(): string[] {
    const { hostName, limits, binds } = this.#options
    return [
      ...['--quiet', '--register=no', '--keep-unit', '--settings=no', `--machine=${hostName}`],
      ...['--console=read-only', '--link-journal=no', '--resolv-conf=off', '--timezone=off'],
      '--suppress-sync=yes',
      ...Object.entries(binds).map(([from, to]) => `--bind-ro=${from}:${to}`),
      ...(limits && LIMITS_NEED_V1 ? ['--kill-signal=SIGRTMIN+3', LIMITS_INIT] : ['--boot']),
    ]
  }
}

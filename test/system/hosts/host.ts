import type { Ended } from './command.ts'
import { prepareDisk } from './host-disk.ts'
import { hostImage } from './host-image.ts'
import { HostPower, nodeBind } from './host-power.ts'
import { type Command, type RunOptions, runInside } from './run-inside.ts'
import { GATEWAY, Slot } from './slot.ts'
import type { SshAccess } from './ssh-access.ts'

export interface HostOptions {
  /** What the host calls itself; two hosts may have the same. Default: `host-` and a number. */
  readonly name?: string
  /** The pinned Node as /usr/local/bin/node, read-only. Default: true. */
  readonly node?: boolean
  /** MemoryMax=, TasksMax= and CPUQuota= work; where the machine has cgroups v1, systemd then runs on those. Default: false. */
  readonly limits?: boolean
  /** Files and folders of this machine to be seen inside, read-only: `{ from: to }`. */
  readonly binds?: Readonly<Record<string, string>>
}

export interface WriteOptions {
  /** Octal, as for chmod. Default: 644. */
  readonly mode?: string
  /** `user` or `user:group`. Default: root. */
  readonly owner?: string
}

export interface UserOptions {
  /** What a sudoers line says after `(ALL)`, for example `NOPASSWD: /usr/bin/systemctl`. Default: no sudo. */
  readonly sudo?: string
  /** A line of authorized_keys. Default: the key of `host.ssh`. */
  readonly publicKey?: string
}

/**
 * A Debian with systemd as its first process, sshd, sudo, journald and a disk of its own, on a network that it shares
 * with the other hosts and this machine. Nothing is left of it when it is disposed of.
 *
 *     await using host = await bootHost()
 *     await host.addUser('deploy', { sudo: 'NOPASSWD: /usr/bin/systemctl' })
 *     await host.output('systemctl is-active ssh')            // 'active'
 */
export class Host implements AsyncDisposable {
  readonly name: string
  /** IPv4; other hosts and this machine reach it there. */
  readonly address: string
  /** How to come in by ssh as root, and as any user of `addUser` without a key of its own. */
  readonly ssh: SshAccess
  /** This machine, as the hosts see it. */
  readonly gateway = GATEWAY
  readonly #slot: Slot
  readonly #power: HostPower

  constructor(slot: Slot, ssh: SshAccess, { name, power }: { name: string; power: HostPower }) {
    this.name = name
    this.address = slot.address
    this.ssh = ssh
    this.#slot = slot
    this.#power = power
  }

  /** Runs a command inside, without ssh, and says how it ended; 128 and more is 128 + the signal's number. */
  async run(command: Command, options: RunOptions = {}): Promise<Ended> {
    return runInside(this.#power.leader(), command, options)
  }

  /** What a command inside prints, without the last line break. Rejects with all it said when its code is not 0. */
  async output(command: Command, options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options)
    if (code === 0) return stdout.replace(/\n$/, '')
    throw new Error(
      `on ${this.name}: ${typeof command === 'string' ? command : command.join(' ')}: code ${code}\n${stdout}${stderr}`,
    )
  }

  /** Writes a file inside, and the folders above it. */
  async write(
    path: string,
    text: string,
    { mode = '644', owner = 'root' }: WriteOptions = {},
  ): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1" && chown "$3" "$1"'
    await this.output(['sh', '-c', script, 'sh', path, mode, owner], { input: text })
  }

  async read(path: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(['cat', path])
    if (code !== 0) throw new Error(`on ${this.name}: ${stderr}`)
    return stdout
  }

  /** Where this machine sees a path of the running host. Absolute links on the way would lead out of the host. */
  path(inside: string): string {
    return `/proc/${this.#power.leader()}/root${inside}`
  }

  /** Makes a user with a home in /home, bash and an ssh key; without a password. */
  async addUser(name: string, { sudo, publicKey = this.ssh.publicKey }: UserOptions = {}): Promise<void> {
    await this.output(`useradd --create-home --shell /bin/bash ${name} && usermod --password '*' ${name}`)
    await this.output(`install -d -m 700 -o ${name} -g ${name} /home/${name}/.ssh`)
    await this.write(`/home/${name}/.ssh/authorized_keys`, `${publicKey}\n`, {
      mode: '600',
      owner: `${name}:${name}`,
    })
    if (sudo === undefined) return
    await this.write(`/etc/sudoers.d/${name}`, `${name} ALL=(ALL) ${sudo}\n`, { mode: '440' })
    await this.output(['visudo', '--check', `--file=/etc/sudoers.d/${name}`])
  }

  /** The messages of a unit, oldest first, of all boots; further words are options of journalctl. */
  async journal(unit: string, ...options: string[]): Promise<string[]> {
    const text = await this.output(['journalctl', '--quiet', '--output=cat', `--unit=${unit}`, ...options])
    return text.split('\n').filter(Boolean)
  }

  /** Another one after each boot. */
  bootId(): Promise<string> {
    return this.output(['cat', '/proc/sys/kernel/random/boot_id'])
  }

  /** Pulls the network cable: no packet comes or goes, and nobody is told. */
  async cutLine(): Promise<void> {
    await this.#slot.setLine('down')
  }

  async restoreLine(): Promise<void> {
    await this.#slot.setLine('up')
  }

  /** Asked for inside, orderly; resolves when it has come up again on the same disk. */
  async reboot(): Promise<void> {
    const before = await this.bootId()
    await this.output(['systemctl', 'reboot', '--no-block'])
    await this.#power.isUp((bootId) => bootId !== before)
  }

  /** All processes at once; what was written to files, synced or not, stays. */
  powerCut(): Promise<void> {
    return this.#power.cut()
  }

  /** Orderly, as by its power button; resolves when it is off. */
  powerOff(): Promise<void> {
    return this.#power.off()
  }

  /** On the same disk; resolves when systemd says that it is running, and rejects when a unit has failed. */
  powerOn(): Promise<void> {
    return this.#power.on()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slot.remove()
  }
}

/**
 * Boots a host of one's own in about two seconds. Several may be booted at a time, in this process and in others.
 * Rejects with the end of its log when it does not come up; nothing is left of it then.
 */
export async function bootHost(options: HostOptions = {}): Promise<Host> {
  const image = await hostImage()
  const slot = await Slot.claim()
  try {
    const { name = `host-${slot.number}`, node = true, limits = false } = options
    const binds = { ...(node ? nodeBind() : {}), ...options.binds }
    const ssh = await prepareDisk(slot, name)
    const power = new HostPower(slot, { image, hostName: name, limits, binds })
    await power.on()
    return new Host(slot, ssh, { name, power })
  } catch (error) {
    await slot.remove()
    throw error
  }
}

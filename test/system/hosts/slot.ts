import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ended, output } from './command.ts'
import { ControlGroups } from './control-groups.ts'
import { lockFile } from './file-lock.ts'

/** Fixed, so that the hosts of all test processes know of each other. */
const SLOTS = '/var/lib/capstan-hosts'

/** A folder that always stays, so that everybody locks the same one. */
const LOCKED = '/var/lib'

const NETWORK = '10.213.77'
const LAST_SLOT = 250

/** As the hosts know this machine. */
export const GATEWAY = `${NETWORK}.254`

export const BRIDGE = 'capstan-hosts'

/** Without one of its own it takes that of some host, and another one when that host goes: packets then go astray. */
const BRIDGE_MAC = '02:00:00:00:00:fe'

/** What nspawn and the bridge leave on this machine goes with the last host. */
const NSPAWN_FOLDERS = ['/run/systemd/nspawn', '/run/systemd']

/** A process, told from another one that gets its pid later. */
interface Owner {
  readonly pid: number
  readonly startTime: string
}

interface SlotRecord {
  readonly owner: Owner
  /** Of the cgroups; the v1 ones depend on who made them. */
  readonly groups: readonly string[]
}

/** A number of its own for a host, and all on this machine that is named after it. */
export class Slot {
  readonly number: number
  /** Holds the host's disk and keys. */
  readonly folder: string
  /** Of its cgroups, and of the end of its cable that is on this machine. */
  readonly name: string
  readonly address: string
  readonly groups: ControlGroups

  private constructor(number: number, groups?: readonly string[]) {
    this.number = number
    this.folder = join(SLOTS, String(number))
    this.name = `capstan-host${number}`
    this.address = `${NETWORK}.${number}`
    this.groups = groups === undefined ? ControlGroups.named(this.name) : new ControlGroups(groups)
  }

  /** The lowest free number. Removes the hosts of test processes that are no more first. */
  static async claim(): Promise<Slot> {
    await using _ = await lockFile(LOCKED)
    for (const { slot, owner } of Slot.#taken()) if (owner === null || !isAlive(owner)) await slot.#clear()
    const taken = new Set(Slot.#taken().map(({ slot }) => slot.number))
    const free = Array.from({ length: LAST_SLOT }, (_, index) => index + 1).find((one) => !taken.has(one))
    if (free === undefined) throw new Error(`all ${LAST_SLOT} numbers for hosts are taken: see ${SLOTS}`)
    const slot = new Slot(free)
    slot.#record()
    await buildBridge()
    return slot
  }

  /** Ends the host and leaves nothing of it. */
  async remove(): Promise<void> {
    await using _ = await lockFile(LOCKED)
    await this.#clear()
    if (Slot.#taken().length > 0) return
    await output('ip', 'link', 'delete', BRIDGE)
    for (const folder of [SLOTS, ...NSPAWN_FOLDERS]) removeIfEmpty(folder)
  }

  setLine(state: 'up' | 'down'): Promise<string> {
    return output('ip', 'link', 'set', this.name, state)
  }

  /** The kernel takes its time to remove it with the network of an ended host. */
  async unplug(): Promise<void> {
    await ended(['ip', 'link', 'delete', this.name])
  }

  #record(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o755 })
    const record: SlotRecord = { owner: ownerOf(process.pid)!, groups: this.groups.folders }
    writeFileSync(join(this.folder, 'slot.json'), JSON.stringify(record))
  }

  async #clear(): Promise<void> {
    await this.groups.kill()
    await this.unplug()
    this.groups.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** An owner of null has died before it said who it is. */
  static #taken(): Array<{ slot: Slot; owner: Owner | null }> {
    if (!existsSync(SLOTS)) return []
    return readdirSync(SLOTS).map((number) => {
      const record = recordIn(join(SLOTS, number))
      return { slot: new Slot(Number(number), record?.groups), owner: record?.owner ?? null }
    })
  }
}

function recordIn(folder: string): SlotRecord | null {
  const file = join(folder, 'slot.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SlotRecord) : null
}

async function buildBridge(): Promise<void> {
  if (existsSync(`/sys/class/net/${BRIDGE}`)) return
  await output('ip', 'link', 'add', BRIDGE, 'address', BRIDGE_MAC, 'type', 'bridge')
  await output('ip', 'address', 'add', `${GATEWAY}/24`, 'dev', BRIDGE)
  await output('ip', 'link', 'set', BRIDGE, 'up')
}

function isAlive({ pid, startTime }: Owner): boolean {
  return ownerOf(pid)?.startTime === startTime
}

function ownerOf(pid: number): Owner | null {
  try {
    // The program's name, which may hold anything, ends with the last bracket; the start is the 20th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { pid, startTime: fields[19]! }
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

import { existsSync, globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'

const TREES = '/sys/fs/cgroup'

/** Only cgroups v2 on this machine; else there are v1 controllers, and v2 without controllers beside them. */
const IS_UNIFIED = existsSync(join(TREES, 'cgroup.procs'))

/** The trees in which every systemd works, the one that can kill first. */
const SYSTEMD_TREES = IS_UNIFIED ? [TREES] : [join(TREES, 'unified'), join(TREES, 'systemd')]

/** What MemoryMax=, TasksMax= and CPUQuota= need where controllers are v1. */
const LIMITING = IS_UNIFIED ? [] : ['memory', 'pids', 'cpu', 'cpuacct']

/** The kernel ends processes at once, but a busy machine may be late. */
const KILL_LIMIT_MS = 30_000

/** Whether the systemd of a host that limits anything has to work on v1. */
export const LIMITS_NEED_V1 = !IS_UNIFIED

/**
 * The cgroups of one host, one in each tree that its systemd works in. Without them all hosts would share one tree, and
 * their systemds would end each other's units.
 */
export class ControlGroups {
  /** The first is that of `SYSTEMD_TREES[0]`. */
  readonly folders: readonly string[]

  constructor(folders: readonly string[]) {
    this.folders = folders
  }

  static named(name: string): ControlGroups {
    const limiting = LIMITING.map((tree) => join(TREES, tree, ownGroup(tree), name))
    return new ControlGroups([...SYSTEMD_TREES.map((tree) => join(tree, name)), ...limiting])
  }

  /** Makes them, and returns the files in which a process writes its pid to enter. */
  create({ limits }: { readonly limits: boolean }): string[] {
    const wanted = limits ? this.folders : this.folders.slice(0, SYSTEMD_TREES.length)
    for (const folder of wanted) mkdirSync(folder, { recursive: true })
    return wanted.map((folder) => join(folder, 'cgroup.procs'))
  }

  /** The pid, on this machine, of the systemd inside; null while there is none. */
  leader(): number | null {
    const [pid] = this.#read('payload/init.scope/cgroup.procs').split('\n')
    return pid ? Number(pid) : null
  }

  isEmpty(): boolean {
    return !this.#read('cgroup.events').includes('populated 1')
  }

  /** Ends all processes in them, at once. */
  async kill(): Promise<void> {
    const button = join(this.folders[0]!, 'cgroup.kill')
    if (existsSync(button)) writeFileSync(button, '1')
    await eventually(`no process in ${this.folders[0]}`, KILL_LIMIT_MS, () => this.isEmpty())
  }

  /** They must be empty. */
  remove(): void {
    for (const folder of this.folders.filter((one) => existsSync(one))) {
      const deepestFirst = globSync('**/', { cwd: folder }).sort().reverse()
      for (const below of deepestFirst) rmdirSync(join(folder, below))
    }
  }

  /** Nothing when it is not there, or goes while it is read. */
  #read(file: string): string {
    try {
      return readFileSync(join(this.folders[0]!, file), 'utf8')
    } catch (error) {
      if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
      throw error
    }
  }
}

/** Where this process is in a v1 tree: what limits it is to limit its hosts too. */
function ownGroup(tree: string): string {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n')
  const line = lines.map((text) => text.split(':')).find(([, names]) => names?.split(',').includes(tree))
  return line?.[2] ?? '/'
}

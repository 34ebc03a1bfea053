import { RemoteError } from '../remote/errors.ts'
import type { RemoteShell, Transport } from '../remote/transport.ts'
import { DeployError } from './deploy-error.ts'
import type { DeployHost } from './deployment.ts'
import { onEach } from './fleet.ts'
import type { Layout } from './layout.ts'
import type { Stage, StageHost } from './stage.ts'

/** A shell on each host of a stage, all or none. Closing them frees the locks. */
export class StageShells implements AsyncDisposable {
  readonly hosts: readonly DeployHost[]

  private constructor(hosts: readonly DeployHost[]) {
    this.hosts = hosts
  }

  /** @throws FleetError naming each host that cannot be reached */
  static async open(
    stage: Stage,
    transportTo: (host: StageHost) => Transport,
    signal: AbortSignal,
  ): Promise<StageShells> {
    const open: RemoteShell[] = []
    try {
      const shells = await onEach(stage.hosts, async (host) => {
        const shell = await transportTo(host).connect(host, { signal })
        open.push(shell)
        return shell
      })
      return new StageShells(
        stage.hosts.flatMap((host) => {
          const shell = shells.get(host.name)
          return shell === undefined ? [] : [{ ...host, shell }]
        }),
      )
    } catch (error) {
      await Promise.allSettled(open.map((shell) => shell.close()))
      throw error
    }
  }

  /** What the deploy cost a slow line: the questions to all hosts. */
  get roundTrips(): number {
    return this.hosts.reduce((sum, { shell }) => sum + shell.roundTrips, 0)
  }

  /**
   * Locks all hosts, in the order of their names: two deploys that meet cannot each hold what the other waits for.
   * Returns false, and holds none, when a host has no place for the lock yet.
   * @throws DeployError `deploy.locked` with the note of the holder; then none is held
   */
  async lock(layout: Layout, note: object): Promise<boolean> {
    const held: DeployHost[] = []
    try {
      for (const host of [...this.hosts].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const holder = await host.shell.lock(layout.lock, JSON.stringify(note))
        if (holder !== null)
          throw new DeployError(
            'deploy.locked',
            `${host.name}: another deploy is at work: ${holderOf(holder)}`,
          )
        held.push(host)
      }
      return true
    } catch (error) {
      await Promise.allSettled(held.map(({ shell }) => shell.unlock(layout.lock)))
      if (error instanceof RemoteError && error.code === 'remote.exit') return false
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.hosts.map(({ shell }) => shell.close()))
  }
}

function holderOf(note: string): string {
  try {
    const { by = 'somebody', since = 'an unknown time', what = 'at work' } = JSON.parse(note)
    return `${by}, ${what}, since ${since}; it ends by itself when that deploy ends or dies`
  } catch {
    return note
  }
}

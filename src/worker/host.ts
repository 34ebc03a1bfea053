import { readFileSync, readlinkSync } from 'node:fs'
import type { WorkerInfo } from '../store/worker-record.ts'

/** The machine and process that a worker runs in, and what it can see of its neighbours. */
export interface Host {
  readonly hostname: string
  readonly pid: number
  /** See `WorkerInfo`. */
  readonly bootId: string
  readonly processStart: string
  rssKib(): number
  /**
   * `gone`: that process of this host has ended. `alive`: it has not, though it may be stopped.
   * `unknown`: it ran in another boot, container or host, where its pid says nothing.
   */
  stateOf(worker: WorkerInfo): 'alive' | 'gone' | 'unknown'
}

/**
 * Reads /proc. A pid counts only together with the start time of its process (pids are used again) and with
 * the boot and pid namespace it belongs to. In a container a unit with ProtectKernelTunables= sees the machine's boot
 * where others see the container's: a process that is there, in the same namespace, lives whatever boot it names.
 */
export function linuxHost(self: { hostname: string; pid: number; rssKib: () => number }): Host {
  const bootId = bootAndNamespace()
  const namespace = namespaceIn(bootId)
  return {
    ...self,
    bootId,
    processStart: startOf(self.pid) ?? '',
    stateOf(worker) {
      const isHere = namespace !== null && namespaceIn(worker.bootId) === namespace
      if (worker.hostname !== self.hostname || !isHere) return 'unknown'
      if (startOf(worker.pid) === worker.processStart) return 'alive'
      return worker.bootId === bootId ? 'gone' : 'unknown'
    },
  }
}

function bootAndNamespace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // Not Linux: neighbours are then recovered by their leases alone.
    return ''
  }
}

/** null where it could not be read. */
function namespaceIn(bootId: string): string | null {
  return bootId.split(' ')[1] ?? null
}

/** Field 22 of /proc/PID/stat: clock ticks between boot and the start of the process; null when there is none. */
function startOf(pid: number): string | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // The second field is a name in brackets that may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const isZombie = fields[0] === 'Z' || fields[0] === 'X'
  return isZombie ? null : (fields[19] ?? null)
}

import type { Scene } from './scene.ts'
import type { System } from './system.ts'

/** What a fault found out beside what is counted for every cell. */
export interface Findings {
  /** For the table. */
  readonly note?: string
  /** Promises that did not hold, each as a sentence. Counted only against our own systems. */
  readonly broken?: readonly string[]
  /** Whether a job that ended twice can only have been enqueued twice. */
  readonly doublesAreFromEnqueue?: boolean
}

/** One way of making things go wrong. */
export interface Fault {
  readonly name: string
  /** What is done, for the head of its table. */
  readonly title: (isQuick: boolean) => string
  /** It takes a minute or more by its nature. */
  readonly isSlow?: boolean
  /** It interrupts jobs, or may leave them stuck. */
  readonly interrupts?: boolean
  /** How long a system may take to become quiet afterwards, where that is not the usual. */
  readonly patienceMs?: number
  /** Why it says nothing about this system; null when it does. */
  inapplicable(system: System): string | null
  /** Called with the still empty directory; what it returns is called at the end. */
  prepare?(directory: string): () => void
  /** Leaves its workers up: they bring the remaining work to its end. */
  run(scene: Scene): Promise<Findings>
}

export const needsServer = ({ keepsJobsIn }: System): string | null =>
  keepsJobsIn === 'redis' ? null : 'there is no server'

export const needsFile = ({ keepsJobsIn }: System): string | null =>
  keepsJobsIn === 'file' ? null : 'there is no file of ours'

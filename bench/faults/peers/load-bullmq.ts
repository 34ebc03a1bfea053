import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The few calls of BullMQ that are used here; its own types are there only when it is installed. */
export interface BullMq {
  Queue: new (
    name: string,
    options: { connection: BullConnection },
  ) => {
    add(name: string, data: unknown, options?: object): Promise<unknown>
    on(event: 'error', listener: (error: Error) => void): void
    close(): Promise<void>
  }
  Worker: new (
    name: string,
    run: (job: { data: { args: [string, number, string] } }) => Promise<void>,
    options: { connection: BullConnection; concurrency: number },
  ) => {
    on(event: 'error', listener: (error: Error) => void): void
    close(): Promise<void>
  }
}

export interface BullConnection {
  readonly host: string
  readonly port: number
}

const requireFromPeers = createRequire(join(import.meta.dirname, '../../peers/'))

export const loadBullmq = (): BullMq => requireFromPeers('bullmq') as BullMq

/** null when it is not installed. */
export function bullmqVersion(): string | null {
  try {
    return (requireFromPeers('bullmq/package.json') as { version: string }).version
  } catch {
    return null
  }
}

export function connectionOf(url: string): BullConnection {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

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

// A copy that other measurements installed, or our own.
const PLACES = [join(import.meta.dirname, '../../peers/'), join(import.meta.dirname, '/')]

/** BullMQ with the client library that it needs. @returns null when they are installed nowhere */
export function findBullmq(): { load: () => BullMq; version: string } | null {
  for (const place of PLACES) {
    const requireFrom = createRequire(place)
    try {
      const { version } = requireFrom('bullmq/package.json') as { version: string }
      requireFrom.resolve('ioredis')
      return { load: () => requireFrom('bullmq') as BullMq, version }
    } catch {
      // Looks in the next place.
    }
  }
  return null
}

export function connectionOf(url: string): BullConnection {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

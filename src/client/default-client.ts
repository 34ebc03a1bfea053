import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'

// On the global object, since the command line and the jobs it loads may hold two copies of this module.
const place = globalThis as { [CLIENT]?: Client | null }
const CLIENT: unique symbol = Symbol.for('capstan.client') as never

/** The client that `job.enqueue()` uses from now on; null for none. `connect()` and the worker set it. */
export function setDefaultClient(next: Client | null): void {
  place[CLIENT] = next
}

/** @throws UsageError `client.missing` */
export function defaultClient(): Client {
  const client = place[CLIENT]
  if (client) return client
  throw new UsageError(
    'client.missing',
    "no store is connected: call `await connect()` from 'capstan' once, before the first enqueue, and close it after the last",
  )
}

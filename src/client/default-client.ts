import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'

let client: Client | null = null

/** The client that `job.enqueue()` uses from now on; null for none. `connect()` and the worker set it. */
export function setDefaultClient(next: Client | null): void {
  client = next
}

/** @throws UsageError `client.missing` */
export function defaultClient(): Client {
  if (client !== null) return client
  throw new UsageError(
    'client.missing',
    "no store is connected: call `await connect()` from 'capstan' once, before the first enqueue",
  )
}

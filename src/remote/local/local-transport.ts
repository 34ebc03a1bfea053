import { spawn } from 'node:child_process'
import type { Runtime } from '../../kernel/runtime.ts'
import { type Dialer, lineOf } from '../line.ts'
import { openSession } from '../open-session.ts'
import type { Transport } from '../transport.ts'

export interface LocalOptions {
  /** Default `LEASE_MS`. */
  readonly leaseMs?: number
}

/** Runs scripts on this machine, whatever address is asked for, as the user who runs this process. */
export function localTransport(runtime: Runtime, { leaseMs }: LocalOptions = {}): Transport {
  return {
    connect: (address, { signal } = {}) => openSession(runtime, { dialer, address, leaseMs, signal }),
  }
}

const dialer: Dialer = {
  open: (command) => lineOf(spawn('/bin/sh', ['-c', command], { stdio: 'pipe', detached: true }), 'sh'),
  explain: () => ({ advice: 'its /bin/sh does not start', retryable: false }),
}

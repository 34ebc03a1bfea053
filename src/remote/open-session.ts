import type { Runtime } from '../kernel/runtime.ts'
import { Channel } from './channel.ts'
import { lastLines, RemoteError } from './errors.ts'
import { BOOTSTRAP, hostLoop } from './host-loop.ts'
import type { Dialer } from './line.ts'
import { Printed } from './printed.ts'
import { ShellSession } from './shell-session.ts'
import type { HostAddress, RemoteShell } from './transport.ts'

/** A host that hears nothing for so long takes us for dead. */
export const LEASE_MS = 30_000
export interface SessionOptions {
  readonly dialer: Dialer
  readonly address: HostAddress
  readonly leaseMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens the shell that transports promise.
 * @throws RemoteError `remote.unreachable`, `remote.unfit`, `remote.cancelled`
 */
export async function openSession(runtime: Runtime, options: SessionOptions): Promise<RemoteShell> {
  const { dialer, address, leaseMs = LEASE_MS, signal } = options
  const channel = new Channel(runtime.random, address.host, dialer.open(BOOTSTRAP))
  const hangUp = () => channel.line.kill()
  signal?.addEventListener('abort', hangUp)
  if (signal?.aborted) hangUp()
  try {
    await greet(channel, dialer, leaseMs)
  } catch (error) {
    channel.line.kill()
    if (signal?.aborted) throw new RemoteError('remote.cancelled', 'connecting was cancelled', address)
    throw error
  } finally {
    signal?.removeEventListener('abort', hangUp)
  }
  return new ShellSession(runtime, channel, { dialer, address, leaseMs })
}

async function greet(channel: Channel, dialer: Dialer, leaseMs: number): Promise<void> {
  const { host } = channel
  const lacking = new Printed()
  const text = (nonce: string) => hostLoop(nonce, leaseMs)
  const code = await channel.ask({ name: 'connect', text, stdout: lacking }).catch((cause: unknown) => {
    const { aside } = channel
    const { advice, retryable } = dialer.explain(aside)
    const message = `cannot be reached: ${advice}${lastLines(aside)}`
    throw new RemoteError('remote.unreachable', message, { host, cause, retryable })
  })
  if (code !== 0)
    throw new RemoteError('remote.unfit', `lacks the program ${lacking.text}; install util-linux`, { host })
}

import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Endpoint } from './address.ts'

/** TLS settings as node:tls takes them: `ca`, `cert`, `key`, `passphrase`, `servername`, `rejectUnauthorized`. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized' | 'checkServerIdentity'
>

export interface DialParams {
  readonly clock: Clock
  readonly timeoutMs: number
  /** null: no TLS. */
  readonly tls: TlsOptions | null
  readonly signal: AbortSignal
}

// A machine that vanished without a word is noticed by the kernel, which asks this long after the last packet.
const KEEP_ALIVE_MS = 10_000

// More than a socket of the system holds at a time; only as much of it is in memory as was ever read at once.
const READ_BYTES = 262_144

/**
 * Opens a socket, TLS handshake included. The bytes of its `data` events are to be copied by who keeps them. Rejects with
 * the driver's error, or when the time is over.
 */
export async function dial(endpoint: Endpoint, params: DialParams): Promise<Socket> {
  const { clock, timeoutMs, tls, signal } = params
  if (signal.aborted) throw new Error('the store was closed')
  const socket = open(endpoint, tls)
  socket.setNoDelay(true)
  const settled = new AbortController()
  const either = AbortSignal.any([signal, settled.signal])
  void clock.sleep(timeoutMs, either).then(() => {
    if (settled.signal.aborted) return
    socket.destroy(new Error(signal.aborted ? 'the store was closed' : silence(timeoutMs, tls)))
  })
  try {
    await new Promise((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve)
      socket.once('error', reject)
    })
    return socket
  } finally {
    settled.abort()
  }
}

/** A server without TLS waits for the rest of a command, and says nothing. */
function silence(timeoutMs: number, tls: TlsOptions | null): string {
  if (tls === null) return `no connection within ${timeoutMs} ms`
  return `no connection with TLS within ${timeoutMs} ms (a server without TLS wants redis://, not rediss://)`
}

function open(endpoint: Endpoint, tls: TlsOptions | null): Socket {
  const reach = { ...endpoint, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  if (tls === null) return connectPlain(reach)
  // A server name must be a name; with an address the certificate is checked against the address.
  const servername = 'host' in endpoint && isIP(endpoint.host) === 0 ? { servername: endpoint.host } : {}
  return connectTls({ ...reach, ...servername, ...tls })
}

/** Reads into one buffer, whose bytes are those of an event until its listeners return: a buffer each would cost more. */
function connectPlain(reach: NetConnectOpts): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const callback = (length: number): boolean => {
    socket.emit('data', buffer.subarray(0, length))
    return true
  }
  const socket = connect({ ...reach, onread: { buffer, callback } })
  return socket
}

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay in front of a server on loopback, for losing answers and connections on purpose. */
export interface RedisProxy {
  readonly url: string
  /** From now on nothing comes back from the server; what is sent still arrives there. */
  muteAnswers(): void
  /** Breaks every connection, as a router that restarts. Connections made later are sound. */
  cut(): void
  /** Breaks the clients' side of every connection. The server hears nothing of it, as behind a router that has forgotten. */
  forget(): void
  /** Sockets of clients now open. */
  connections(): number
  close(): Promise<void>
}

export async function startRedisProxy(port: number): Promise<RedisProxy> {
  const pairs = new Set<{ client: Socket; server: Socket; muted: boolean }>()
  const forgotten = new Set<Socket>()
  const relay = createServer((client) => {
    const pair = { client, server: connect(port, '127.0.0.1'), muted: false }
    const end = () => {
      client.destroy()
      pair.server.destroy()
      pairs.delete(pair)
    }
    for (const socket of [client, pair.server]) socket.on('error', end).on('close', end)
    client.pipe(pair.server)
    pair.server.on('data', (bytes) => pair.muted || client.write(bytes))
    pairs.add(pair)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address() as { port: number }
  const cut = () => {
    for (const { client, server } of pairs) {
      client.destroy()
      server.destroy()
    }
  }
  return {
    url: `redis://127.0.0.1:${address.port}`,
    muteAnswers() {
      for (const pair of pairs) pair.muted = true
    },
    cut,
    forget() {
      for (const { client, server } of pairs) {
        client.unpipe(server)
        client.removeAllListeners('close').destroy()
        forgotten.add(server)
      }
      pairs.clear()
    },
    connections: () => pairs.size,
    async close() {
      relay.close()
      cut()
      for (const socket of forgotten) socket.destroy()
      await once(relay, 'close')
    },
  }
}

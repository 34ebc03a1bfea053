import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A private Redis with its append-only file in `directory`, reachable only through a socket there. */
export async function startRedis(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  const socket = join(directory, 'redis.sock')
  const settings = {
    port: '0',
    unixsocket: socket,
    dir: directory,
    appendonly: 'yes',
    save: '',
    daemonize: 'no',
  }
  const words = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])
  const server = spawn('redis-server', words, { stdio: 'ignore' })
  const failed = once(server, 'error').then(([error]) => {
    throw new Error(
      `redis-server cannot be started (${(error as Error).message}); install it: apt-get install redis-server`,
    )
  })
  const listening = async () => {
    while (!existsSync(socket)) await sleep(20)
  }
  await Promise.race([listening(), failed])
  failed.catch(() => {})
  const stop = async () => {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  return { url: `unix://${socket}`, stop }
}

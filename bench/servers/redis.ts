import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeteredServer, ServerReading } from './server.ts'

const START_TRIES = 500
const POLL_MS = 20
const LARGE_FILE_BYTES = 256 * 1024 * 1024

/** Of every system on Redis: what was answered is on the disk within a second. */
export const REDIS_DURABILITY = 'append-only file synced each second'

/** A Redis of the benchmark's own, on a unix socket. */
export class RedisServer implements MeteredServer {
  readonly address: string
  readonly #socket: Socket
  readonly #end: () => Promise<void>
  /** Commands of this object, which are nobody's cost. */
  #asked = 0

  private constructor(address: string, socket: Socket, end: () => Promise<void>) {
    this.address = address
    this.#socket = socket
    this.#end = end
  }

  static async start(directory: string): Promise<RedisServer> {
    const address = join(directory, 'redis.sock')
    // No rewrites of the file: each would be a fork in the middle of somebody's measure.
    const settings = { port: '0', save: '', appendonly: 'yes', appendfsync: 'everysec' }
    const own = { unixsocket: address, dir: directory, 'auto-aof-rewrite-percentage': '0' }
    const words = Object.entries({ ...settings, ...own }).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn('redis-server', words, { stdio: 'ignore' })
    // However this process ends, the server ends with it.
    const endWithUs = () => child.kill('SIGKILL')
    process.prependOnceListener('exit', endWithUs)
    await appears(address)
    const socket = connect(address)
    await once(socket, 'connect')
    return new RedisServer(address, socket, async () => {
      socket.destroy()
      process.removeListener('exit', endWithUs)
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    })
  }

  async read(): Promise<ServerReading> {
    const text = await this.#ask('INFO everything')
    const asked = this.#asked
    const field = (name: string) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(text)?.[1])
    return {
      cpuUs: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
      commands: field('total_commands_processed') - asked,
      roundTrips: field('total_reads_processed') - asked,
      bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
    }
  }

  /** Forgets all data, so that one measure does not weigh on the next; a file that has grown large is written anew. */
  async clear(): Promise<void> {
    await this.#ask('FLUSHALL')
    const { 1: fileBytes } = /aof_current_size:(\d+)/.exec(await this.#ask('INFO persistence')) ?? []
    if (Number(fileBytes) < LARGE_FILE_BYTES) return
    await this.#ask('BGREWRITEAOF')
    while (!(await this.#ask('INFO persistence')).includes('aof_rewrite_in_progress:0')) await sleep(POLL_MS)
  }

  async version(): Promise<string> {
    return /redis_version:(\S+)/.exec(await this.#ask('INFO server'))?.[1] ?? 'unknown'
  }

  stop(): Promise<void> {
    return this.#end()
  }

  /** One command at a time: a status line or a bulk string. */
  async #ask(command: string): Promise<string> {
    this.#asked += 1
    this.#socket.write(`${command}\r\n`)
    let text = ''
    for (;;) {
      text += String((await once(this.#socket, 'data'))[0])
      if (text.startsWith('+') || text.startsWith('-')) return text
      const header = /^\$(\d+)\r\n/.exec(text)
      if (header !== null && text.length >= header[0].length + Number(header[1]) + 2) return text
    }
  }
}

async function appears(path: string): Promise<void> {
  for (let i = 0; !existsSync(path); i++) {
    if (i === START_TRIES) throw new Error(`the server did not open ${path}`)
    await sleep(POLL_MS)
  }
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RedisReading {
  /** User and system time of the server, microseconds. */
  readonly cpuUs: number
  readonly commands: number
}

/** Reads a Redis server's own accounts over a connection that nothing else uses. */
export class RedisMeter {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async connect(path: string): Promise<RedisMeter> {
    const socket = connect(path)
    await once(socket, 'connect')
    return new RedisMeter(socket)
  }

  async read(): Promise<RedisReading> {
    this.#socket.write('INFO everything\r\n')
    let text = ''
    while (
      !text.includes('used_cpu_user:') ||
      !text.includes('total_commands_processed:') ||
      !text.endsWith('\r\n')
    ) {
      text += String((await once(this.#socket, 'data'))[0])
    }
    const field = (name: string) => Number(new RegExp(`${name}:([0-9.]+)`).exec(text)?.[1])
    const seconds = field('used_cpu_user') + field('used_cpu_sys')
    return { cpuUs: seconds * 1e6, commands: field('total_commands_processed') }
  }

  close(): void {
    this.#socket.destroy()
  }
}

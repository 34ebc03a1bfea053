import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Reply, ReplyParser } from '../../src/store/redis/reply-parser.ts'
import type { BenchJob, OpenSystem, WorkerSetup } from '../system.ts'

/** A pipelined connection without any comfort: all commands of one turn of the event loop go in one write. */
export class Line {
  readonly #socket: Socket
  readonly #waiting: Array<(reply: Reply) => void> = []
  #unsent = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    const parser = new ReplyParser({
      wantsBuffers: () => false,
      deliver: (reply) => this.#waiting.shift()!(reply),
    })
    socket.on('data', (piece: Buffer) => parser.feed(piece))
  }

  static async connect(path: string): Promise<Line> {
    const socket = connect(path)
    await once(socket, 'connect')
    return new Line(socket)
  }

  send(words: readonly string[]): Promise<Reply> {
    if (this.#unsent === '') process.nextTick(() => this.#flush())
    const text = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
    this.#unsent += `*${words.length}\r\n${text}`
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    this.#socket.write(this.#unsent)
    this.#unsent = ''
  }
}

/** Jobs in a plain list, with payloads like Capstan's; nothing is counted, retried or written back. */
export function rawSystem(line: Line, startWorker: OpenSystem['startWorker']): OpenSystem {
  return {
    enqueue: (job, queue) => line.send(['LPUSH', queue, payloadOf(job, queue)]),
    enqueueMany: (jobs, queue) => line.send(['LPUSH', queue, ...jobs.map((job) => payloadOf(job, queue))]),
    startWorker,
    close: async () => line.close(),
  }
}

/** Parses a payload and awaits its job. */
export async function runPayload(payload: string, perform: WorkerSetup['perform']): Promise<void> {
  const { args } = JSON.parse(payload) as { args: [number, string] }
  await perform(args[0])
}

function payloadOf({ id, padding }: BenchJob, queue: string): string {
  const jid = String(id).padStart(24, '0')
  const now = Date.now() / 1000
  return JSON.stringify({
    ...{ class: 'Noop', args: [id, padding], jid, queue, retry: true },
    ...{ created_at: now, enqueued_at: now },
  })
}

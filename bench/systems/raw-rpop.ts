import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Reply, ReplyParser } from '../../src/store/redis/reply-parser.ts'
import type { BenchJob, OpenSystem, RunningWorker, WorkerSetup } from '../system.ts'

/** Requests in the pipe at a time, as the worker has exchanges. */
const IN_PIPE = 2

/**
 * The raw limit: a bare socket, batches of RPOP as large as the concurrency, two of them in the pipe, payloads like
 * Capstan's, each parsed and its job awaited. Unreliable: what was popped is lost with the process, and nothing is
 * counted, retried or written back.
 *
 * @param address path of the server's socket
 */
export async function open(address: string): Promise<OpenSystem> {
  const line = await Line.connect(address)
  return {
    enqueue: (job, queue) => line.send(['LPUSH', queue, payloadOf(job, queue)]),
    enqueueMany: (jobs, queue) => line.send(['LPUSH', queue, ...jobs.map((job) => payloadOf(job, queue))]),
    startWorker: (setup) => startWorker(line, setup),
    close: async () => line.close(),
  }
}

function payloadOf({ id, padding }: BenchJob, queue: string): string {
  const jid = String(id).padStart(24, '0')
  const now = Date.now() / 1000
  return JSON.stringify({
    ...{ class: 'Noop', args: [id, padding], jid, queue, retry: true },
    ...{ created_at: now, enqueued_at: now },
  })
}

async function startWorker(
  line: Line,
  { concurrency, queues, perform }: WorkerSetup,
): Promise<RunningWorker> {
  const request = ['RPOP', queues.at(-1)!, String(concurrency)]
  let stopped = false
  const loop = async () => {
    while (!stopped) {
      const payloads = (await line.send(request)) as string[] | null
      await Promise.all((payloads ?? []).map((payload) => run(payload, perform)))
      // Only reached when the measure is over: no other system is asked while its worker has work.
      if (payloads === null) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  const loops = Array.from({ length: IN_PIPE }, loop)
  return {
    async stop() {
      stopped = true
      await Promise.all(loops)
    },
  }
}

async function run(payload: string, perform: WorkerSetup['perform']): Promise<void> {
  const { args } = JSON.parse(payload) as { args: [number, string] }
  await perform(args[0])
}

/** A pipelined connection without any comfort. */
class Line {
  readonly #socket: Socket
  readonly #waiting: Array<(reply: Reply) => void> = []

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
    const text = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
    this.#socket.write(`*${words.length}\r\n${text}`)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    this.#socket.destroy()
  }
}

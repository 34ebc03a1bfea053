import type { Socket } from 'node:net'
import type { Clock, MonoMs } from '../../kernel/clock.ts'
import { messageOf, type StoreError } from '../../kernel/errors.ts'
import { type Command, CommandBatch } from './command.ts'
import { type Reply, type ReplyError, ReplyParser } from './reply-parser.ts'
import { type Trouble, translate } from './translate.ts'

/** Somebody who sent a command. Exactly one of the two is called, once. */
export interface Caller {
  /** Whether the bulk strings of the reply are wanted as Buffers. */
  readonly buffers: boolean
  answer(reply: Reply): void
  fail(error: StoreError): void
}

interface Pending {
  readonly caller: Caller
  /** null until the command is handed to the socket. */
  writtenAt: MonoMs | null
}

export interface ConnectionParams {
  readonly clock: Clock
  /** A command that is not answered within this time ends the connection. */
  readonly timeoutMs: number
  /** The server, without secrets. */
  readonly where: string
}

// Answers may lie in the socket unread because this process stood still; one look is due before giving up.
const GRACE_MS = 50
const COMPACT_AT = 1_024

/**
 * One socket to a server, from its opening to its end; it is never reopened.
 *
 *     open ──(end, cut, timeout, bytes that are no reply)──▶ ended: whoever waits is told, once
 *
 * What is sent while commands are under way goes out in one write at the end of this turn of the event loop. Replies
 * belong to the commands in their order.
 */
export class Connection {
  readonly #socket: Socket
  readonly #params: ConnectionParams
  readonly #batch = new CommandBatch()
  readonly #parser: ReplyParser
  readonly #watch = new AbortController()
  #pending: Pending[] = []
  /** Index of the oldest command without an answer. */
  #first = 0
  #isWatched = false
  #endListeners: Array<() => void> = []
  /** null while the connection is open. */
  #ending: Trouble | null = null

  constructor(socket: Socket, params: ConnectionParams) {
    this.#socket = socket
    this.#params = params
    this.#parser = new ReplyParser({
      wantsBuffers: () => this.#pending[this.#first]?.caller.buffers ?? false,
      deliver: (reply) => this.#deliver(reply),
    })
    let cause = 'the server closed the connection'
    socket.on('error', (error) => {
      cause = messageOf(error)
    })
    socket.on('close', () => this.#end({ kind: 'unanswered', why: cause }))
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  get isOpen(): boolean {
    return this.#ending === null
  }

  /** Calls back when the connection has ended, after all callers were told; at once when it has already. */
  onEnd(listener: () => void): void {
    if (this.#ending) listener()
    else this.#endListeners.push(listener)
  }

  /** Sends a command. Error replies are answers, too. */
  send(command: Command, caller: Caller): void {
    if (this.#ending) {
      caller.fail(this.#notSent())
      return
    }
    if (this.#batch.isEmpty) this.#flushSoon()
    this.#batch.add(command)
    this.#pending.push({ caller, writtenAt: null })
  }

  /** Hands a command to the socket before it returns, after all that was sent before. Nobody is told its reply. */
  sendNow(command: Command): void {
    this.send(command, { buffers: false, answer: () => undefined, fail: () => undefined })
    this.flush()
  }

  /** Sends a command and resolves with its reply, an error reply too. Rejects when the connection ends. */
  request(command: Command, buffers = false): Promise<Reply> {
    return new Promise((answer, fail) => this.send(command, { buffers, answer, fail }))
  }

  /** Like `request`, but an error reply rejects. */
  async demand(command: Command): Promise<Exclude<Reply, ReplyError>> {
    return this.accept(await this.request(command))
  }

  /** The reply, unless it is an error. */
  accept(reply: Reply): Exclude<Reply, ReplyError> {
    if (typeof reply !== 'object' || reply === null || !('text' in reply)) return reply
    throw this.translate({ kind: 'reply', text: reply.text })
  }

  translate(trouble: Trouble): StoreError {
    return translate(trouble, this.#params.where)
  }

  /** Ends the connection at once. Callers without an answer are told `trouble`. */
  end(trouble: Trouble): void {
    this.#end(trouble)
    this.#socket.destroy()
  }

  /** Where nothing is under way, nobody is helped by waiting for the rest of this turn. */
  #flushSoon(): void {
    const flush = () => this.flush()
    if (this.#first === this.#pending.length) queueMicrotask(flush)
    else setImmediate(flush)
  }

  /** Hands what was sent to the socket, without the rest of this turn. */
  flush(): void {
    const chunks = this.#batch.take()
    if (this.#ending || chunks.length === 0) return
    const writtenAt = this.#params.clock.mono()
    for (let at = this.#pending.length - 1; at >= this.#first; at--) {
      const pending = this.#pending[at]!
      if (pending.writtenAt !== null) break
      pending.writtenAt = writtenAt
    }
    if (chunks.length > 1) this.#socket.cork()
    for (const chunk of chunks) this.#socket.write(chunk)
    if (chunks.length > 1) this.#socket.uncork()
    if (!this.#isWatched) void this.#watchForTimeout()
  }

  #read(bytes: Buffer): void {
    try {
      this.#parser.feed(bytes)
    } catch (error) {
      this.end({ kind: 'unanswered', why: messageOf(error) })
    }
  }

  #deliver(reply: Reply): void {
    const pending = this.#pending[this.#first]
    if (pending === undefined) throw new TypeError('expected no reply without a command')
    this.#first += 1
    if (this.#first === this.#pending.length) {
      this.#pending.length = 0
      this.#first = 0
    } else if (this.#first === COMPACT_AT) {
      this.#pending.splice(0, this.#first)
      this.#first = 0
    }
    pending.caller.answer(reply)
  }

  /** Runs while commands are under way. One timer for all of them: a timer each would cost more than the command. */
  async #watchForTimeout(): Promise<void> {
    this.#isWatched = true
    const { clock, timeoutMs } = this.#params
    for (;;) {
      const oldest = this.#pending[this.#first]
      if (oldest === undefined || this.#ending) break
      const age = clock.mono() - (oldest.writtenAt ?? clock.mono())
      if (age >= timeoutMs) {
        await clock.sleep(GRACE_MS, this.#watch.signal)
        if (this.#pending[this.#first] !== oldest) continue
        this.end({ kind: 'unanswered', why: `no reply for ${timeoutMs} ms` })
        break
      }
      await clock.sleep(timeoutMs - age, this.#watch.signal)
    }
    this.#isWatched = false
  }

  #end(trouble: Trouble): void {
    if (this.#ending) return
    this.#ending = trouble
    this.#watch.abort()
    const waiting = this.#pending.slice(this.#first)
    this.#pending = []
    this.#first = 0
    for (const { caller, writtenAt } of waiting) {
      caller.fail(writtenAt === null ? this.#notSent() : this.translate(trouble))
    }
    for (const listener of this.#endListeners) listener()
    this.#endListeners = []
  }

  #notSent(): StoreError {
    const ending = this.#ending!
    if (ending.kind === 'closed') return this.translate(ending)
    const cause = ending.kind === 'unanswered' ? ending.why : ending
    return this.translate({ kind: 'disconnected', cause })
  }
}

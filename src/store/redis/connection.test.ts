import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { beforeEach, test } from 'node:test'
import type { Clock, MonoMs } from '../../kernel/clock.ts'
import type { StoreError } from '../../kernel/errors.ts'
import { afterSleep } from '../../testing/after-sleep.ts'
import { Connection } from './connection.ts'
import { ReplyError } from './reply-parser.ts'

/** A socket that remembers what was written; the test plays the server. */
class FakeSocket extends EventEmitter {
  writes: string[] = []
  isDestroyed = false
  cork() {}
  uncork() {}
  write(chunk: string | Buffer) {
    this.writes.push(chunk.toString())
  }
  destroy() {
    this.isDestroyed = true
    this.emit('close')
  }
  say(text: string) {
    this.emit('data', Buffer.from(text))
  }
}

/** A clock that the test moves. */
class HandClock implements Clock {
  #now = 0
  #sleepers: Array<{ at: number; wake: () => void }> = []
  now = () => this.#now
  mono = () => this.#now as MonoMs
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + ms, wake })
      signal?.addEventListener('abort', () => wake(), { once: true })
    })
  }
  after = afterSleep((ms, signal) => this.sleep(ms, signal))
  /** Moves on, wakes who is due, and lets them act. */
  async move(ms: number) {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
    await turn()
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const code = async (promise: Promise<unknown>) => ((await promise.catch((error) => error)) as StoreError).code

let socket: FakeSocket
let clock: HandClock
let connection: Connection
beforeEach(() => {
  socket = new FakeSocket()
  clock = new HandClock()
  const params = { clock, timeoutMs: 1_000, where: 'h:1' }
  connection = new Connection(socket as unknown as Socket, params)
})

test('what is sent together goes out in one write, at once where nothing is under way', async () => {
  void connection.request(['A'])
  void connection.request(['B'])
  await Promise.resolve()
  assert.deepEqual(socket.writes, ['*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n'])
})

test('while commands are under way, those of one turn, also of promises that end in it, go out in one write', async () => {
  void connection.request(['A'])
  await Promise.resolve()
  void connection.request(['B'])
  void Promise.resolve().then(() => Promise.resolve().then(() => connection.request(['D'])))
  void connection.request(['C'])
  await turn()
  assert.deepEqual(socket.writes.slice(1), ['*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n*1\r\n$1\r\nD\r\n'])
})

test('answers belong to the commands in their order, error replies too', async () => {
  const answers = Promise.all([
    connection.request(['A']),
    connection.request(['B'], true),
    connection.request(['C']),
  ])
  await turn()
  socket.say(':1\r\n$1\r\nx')
  socket.say('\r\n-ERR no\r\n')
  assert.deepEqual(await answers, [1, Buffer.from('x'), new ReplyError('ERR no')])
})

test('thousands of answers in pieces find their commands', async () => {
  const answers = Promise.all(Array.from({ length: 5_000 }, (_, n) => connection.request(['N', n])))
  await turn()
  const text = Array.from({ length: 5_000 }, (_, n) => `:${n}\r\n`).join('')
  for (let at = 0; at < text.length; at += 999) socket.say(text.slice(at, at + 999))
  assert.deepEqual(
    await answers,
    Array.from({ length: 5_000 }, (_, n) => n),
  )
})

test('when the connection ends, what was written is unknown and what was not is not stored', async () => {
  const written = connection.request(['A'])
  await turn()
  const unwritten = connection.request(['B'])
  let ended = 0
  connection.onEnd(() => {
    ended += 1
  })
  socket.emit('error', new Error('ECONNRESET'))
  socket.emit('close')
  assert.deepEqual(
    [await code(written), await code(unwritten), await code(connection.request(['C']))],
    ['store.unknown', 'store.not_stored', 'store.not_stored'],
  )
  assert.equal(ended, 1)
  assert.equal(connection.isOpen, false)
})

test('when it is closed on purpose everything is closed', async () => {
  const written = connection.request(['A'])
  await turn()
  const unwritten = connection.request(['B'])
  connection.end({ kind: 'closed' })
  const codes = [await code(written), await code(unwritten), await code(connection.request(['C']))]
  assert.deepEqual(codes, ['store.closed', 'store.closed', 'store.closed'])
  assert.equal(socket.isDestroyed, true)
})

test('a command without an answer ends the connection after its time, and not before', async () => {
  const outcome = code(connection.request(['A']))
  await turn()
  await clock.move(999)
  assert.equal(connection.isOpen, true)
  await clock.move(1)
  await clock.move(50)
  assert.equal(connection.isOpen, false)
  assert.equal(await outcome, 'store.unknown')
})

test('an answer that lay unread while the process stood still counts', async () => {
  const first = connection.request(['A'])
  await turn()
  // The process was stopped: the timer fires before the socket is read.
  await clock.move(10_000)
  socket.say('+OK\r\n')
  await clock.move(50)
  assert.equal(await first, 'OK')
  assert.equal(connection.isOpen, true)
})

test('the time of a command counts from its own writing', async () => {
  const first = connection.request(['A'])
  await turn()
  await clock.move(900)
  const second = connection.request(['B'])
  await turn()
  socket.say('+OK\r\n')
  await first
  await clock.move(100)
  await clock.move(800)
  assert.equal(connection.isOpen, true)
  socket.say('+OK\r\n')
  assert.equal(await second, 'OK')
})

test('bytes that are no reply, or a reply to nothing, end the connection', async () => {
  const outcome = code(connection.request(['A']))
  await turn()
  socket.say('HTTP/1.1 400 Bad Request\r\n')
  assert.equal(await outcome, 'store.unknown')
  const other = new FakeSocket()
  const surprised = new Connection(other as unknown as Socket, { clock, timeoutMs: 1_000, where: 'h:1' })
  other.say('+OK\r\n')
  assert.equal(surprised.isOpen, false)
})

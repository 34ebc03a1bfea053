import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { type Clock, type MonoMs, systemClock } from '../../kernel/clock.ts'
import { Connection } from './connection.ts'
import { shakeHands } from './handshake.ts'
import { script } from './script.ts'

const clock: Clock = { ...systemClock, now: () => 0, mono: () => 0 as MonoMs }
const example = script({ name: 'example', worksWhenFull: true, lua: 'return 1' })

/** A server that answers by the first word and what follows it; remembers every command. */
class FakeServer extends EventEmitter {
  readonly heard: string[][] = []
  readonly #answer: (command: string[]) => string
  constructor(answer: (command: string[]) => string) {
    super()
    this.#answer = answer
  }
  cork() {}
  uncork() {}
  destroy() {}
  write(text: string) {
    const words = text.split('\r\n').filter((_, index, all) => index < all.length - 1)
    for (let at = 0; at < words.length; ) {
      const count = Number(words[at]!.slice(1))
      // Scripts hold line breaks of their own, but not CRLF.
      const command = Array.from({ length: count }, (_, n) => words[at + 2 + 2 * n]!)
      at += 1 + 2 * count
      this.heard.push(command)
      queueMicrotask(() => this.emit('data', Buffer.from(this.#answer(command))))
    }
  }
}

const hello = (version: string) =>
  `*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$${version.length}\r\n${version}\r\n$2\r\nid\r\n:17\r\n`

async function greet(version: string, database = 0) {
  const isOld = Number.parseInt(version, 10) < 7
  const server = new FakeServer(([name, , lua = '']) => {
    if (name === 'HELLO') return hello(version)
    if (isOld && lua.startsWith('#!')) return '-ERR Error compiling script (new function): user_script:1\r\n'
    return '+OK\r\n'
  })
  const connection = new Connection(server as unknown as Socket, { clock, timeoutMs: 1_000, where: 'h:1' })
  const credentials = { username: null, password: 'pw' }
  const greeting = await shakeHands(connection, { credentials, database, name: 'me', scripts: [example] })
  return { greeting, heard: server.heard }
}

test('one round trip logs in, selects the database and loads scripts with their flags', async () => {
  const { greeting, heard } = await greet('7.0.15', 3)
  assert.deepEqual(greeting, { version: '7.0.15', major: 7, clientId: 17 })
  assert.deepEqual(heard, [
    ['HELLO', '2', 'AUTH', 'default', 'pw', 'SETNAME', 'me'],
    ['SELECT', '3'],
    ['SCRIPT', 'LOAD', example.flagged.lua],
  ])
  assert.match(example.flagged.lua, /^#!lua flags=allow-oom\n/)
})

test('a server before 7 gets the scripts without flags', async () => {
  const { greeting, heard } = await greet('6.2.14')
  assert.equal(greeting.major, 6)
  assert.deepEqual(heard.at(-1), ['SCRIPT', 'LOAD', example.plain.lua])
  assert.doesNotMatch(example.plain.lua, /#!/)
})

for (const version of ['6.0.16', '5.0.7', '4.0.9']) {
  test(`Redis ${version} is too old`, async () => {
    await assert.rejects(greet(version), { code: 'store.version', message: /Redis 6\.2 or newer is needed/ })
  })
}

test('newer ones are new enough', async () => {
  for (const version of ['6.2.0', '7.2.4', '8.0.0', '10.1.0']) {
    assert.equal((await greet(version)).greeting.version, version)
  }
})

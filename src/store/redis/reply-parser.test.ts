import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reply, ReplyError, ReplyParser } from './reply-parser.ts'

const WIRE = Buffer.from(
  '+OK\r\n:0\r\n:-17\r\n$-1\r\n*-1\r\n$0\r\n\r\n*0\r\n$5\r\nhé\r\n\r\n' +
    '*3\r\n:1\r\n*2\r\n$3\r\nabc\r\n*1\r\n$-1\r\n$2\r\nde\r\n-ERR no: such thing\r\n' +
    '*2\r\n-OOM full\r\n+inner\r\n$11\r\nwith\r\nbreak\r\n',
)
const REPLIES: Reply[] = [
  'OK',
  0,
  -17,
  null,
  null,
  '',
  [],
  'hé\r\n',
  [1, ['abc', [null]], 'de'],
  new ReplyError('ERR no: such thing'),
  [new ReplyError('OOM full'), 'inner'],
  'with\r\nbreak',
]

function parse(pieces: readonly Buffer[], buffers = false): Reply[] {
  const replies: Reply[] = []
  const parser = new ReplyParser({ wantsBuffers: () => buffers, deliver: (reply) => replies.push(reply) })
  for (const piece of pieces) {
    const memory = Buffer.from(piece)
    parser.feed(memory)
    // It is used again for the next piece.
    memory.fill('#')
  }
  return replies
}

test('every kind of reply is read', () => {
  // The text of 5 bytes above is "hé\r\n": é takes two.
  assert.deepEqual(parse([WIRE]), REPLIES)
})

test('a stream cut in two at any byte gives the same replies', () => {
  for (let cut = 0; cut <= WIRE.length; cut++) {
    assert.deepEqual(parse([WIRE.subarray(0, cut), WIRE.subarray(cut)]), REPLIES, `cut at byte ${cut}`)
  }
})

test('a stream that comes in pieces of any size gives the same replies', () => {
  for (let size = 1; size < WIRE.length; size++) {
    const pieces = []
    for (let at = 0; at < WIRE.length; at += size) pieces.push(WIRE.subarray(at, at + size))
    assert.deepEqual(parse(pieces), REPLIES, `pieces of ${size} bytes`)
  }
})

test('bulk strings come as exact bytes where Buffers are wanted', () => {
  const wire = Buffer.from([0x24, 0x33, 13, 10, 0xff, 0x00, 0xc3, 13, 10])
  assert.deepEqual(parse([wire], true), [Buffer.from([0xff, 0x00, 0xc3])])
})

test('whether Buffers are wanted is asked once a reply, at its first byte', () => {
  const answers = [true, false]
  const replies: Reply[] = []
  const parser = new ReplyParser({
    wantsBuffers: () => answers.shift()!,
    deliver: (reply) => replies.push(reply),
  })
  parser.feed(Buffer.from('*2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n'))
  assert.deepEqual(replies, [[Buffer.from('a'), Buffer.from('b')], 'c'])
})

test('a large bulk string in many pieces is put together', () => {
  const text = 'x'.repeat(1_000_000)
  const wire = Buffer.from(`$${text.length}\r\n${text}\r\n:7\r\n`)
  const pieces = []
  for (let at = 0; at < wire.length; at += 1_000) pieces.push(wire.subarray(at, at + 1_000))
  assert.deepEqual(parse(pieces), [text, 7])
})

test('bytes that are no reply are refused', () => {
  assert.throws(() => parse([Buffer.from('HTTP/1.1 400\r\n')]), TypeError)
})

/** An error reply, as the server worded it. */
export class ReplyError {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** One reply of the server in RESP2. Bulk strings are text, or Buffers where that was asked for. */
export type Reply = string | number | Buffer | null | ReplyError | Reply[]

/** Where whole replies go, in the order in which they arrive. */
export interface ReplySink {
  /** Asked at the start of each reply: whether its bulk strings are wanted as Buffers. */
  wantsBuffers(): boolean
  deliver(reply: Reply): void
}

interface OpenArray {
  readonly items: Reply[]
  readonly length: number
}

const CR = 13
const LINE_END_BYTES = 2

/**
 * Cuts a stream of bytes into replies, whatever the pieces it comes in.
 *
 * A reply that arrives in parts is read once: complete elements are kept, and only an element that lies in several
 * pieces is joined, when the last of them is there. So large replies cost linear time, and next to no copies.
 */
export class ReplyParser {
  readonly #sink: ReplySink
  #bytes: Buffer = Buffer.alloc(0)
  #offset = 0
  /** What is there of an element that needs `#missing` bytes more before it is looked at again. */
  #parts: Buffer[] = []
  #missing = 0
  #open: OpenArray[] = []
  #buffers = false

  constructor(sink: ReplySink) {
    this.#sink = sink
  }

  /**
   * Keeps nothing of the piece itself: its memory may be used again.
   *
   * @throws TypeError when the bytes are not RESP2: the connection is of no use any more
   */
  feed(piece: Buffer): void {
    let from = 0
    while (this.#parts.length > 0) {
      const part = piece.subarray(from, from + this.#missing)
      this.#parts.push(Buffer.from(part))
      this.#missing -= part.length
      if (this.#missing > 0) return
      from += part.length
      const joined = Buffer.concat(this.#parts)
      this.#parts = []
      this.#read(joined, 0)
    }
    this.#read(piece, from)
  }

  #read(bytes: Buffer, from: number): void {
    this.#bytes = bytes
    this.#offset = from
    while (this.#offset < bytes.length) {
      const start = this.#offset
      if (this.#open.length === 0) this.#buffers = this.#sink.wantsBuffers()
      const reply = this.#element()
      if (reply === undefined) {
        this.#parts = [Buffer.from(bytes.subarray(start))]
        return
      }
      if (reply !== OPENED) this.#close(reply)
    }
  }

  /** The next element, `OPENED` for the head of an array with items to come, undefined when it is incomplete. */
  #element(): Reply | typeof OPENED | undefined {
    const type = this.#bytes[this.#offset++]!
    const lineEnd = this.#lineEnd()
    if (lineEnd < 0) return undefined
    const lineStart = this.#offset
    this.#offset = lineEnd + LINE_END_BYTES
    switch (type) {
      case 0x24: // $
        return this.#bulk(this.#integer(lineStart, lineEnd))
      case 0x3a: // :
        return this.#integer(lineStart, lineEnd)
      case 0x2a: // *
        return this.#array(this.#integer(lineStart, lineEnd))
      case 0x2b: // +
        return this.#bytes.toString('utf8', lineStart, lineEnd)
      case 0x2d: // -
        return new ReplyError(this.#bytes.toString('utf8', lineStart, lineEnd))
      default:
        throw new TypeError(`expected a Redis reply, got a line that starts with byte ${type}`)
    }
  }

  #lineEnd(): number {
    const bytes = this.#bytes
    const last = bytes.length - 1
    for (let at = this.#offset; at < last; at++) if (bytes[at] === CR) return at
    this.#missing = 1
    return -1
  }

  #integer(start: number, end: number): number {
    const negative = this.#bytes[start] === 0x2d
    let value = 0
    for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + this.#bytes[at]! - 48
    return negative ? -value : value
  }

  #bulk(length: number): Reply | undefined {
    if (length < 0) return null
    const start = this.#offset
    const end = start + length
    if (end + LINE_END_BYTES > this.#bytes.length) {
      this.#missing = end + LINE_END_BYTES - this.#bytes.length
      return undefined
    }
    this.#offset = end + LINE_END_BYTES
    // A copy, for a view would keep the whole piece of the stream in memory.
    if (this.#buffers) return Buffer.from(this.#bytes.subarray(start, end))
    return this.#bytes.toString('utf8', start, end)
  }

  #array(length: number): Reply | typeof OPENED {
    if (length < 0) return null
    if (length === 0) return []
    this.#open.push({ items: [], length })
    return OPENED
  }

  /** Puts a complete element where it belongs, and whatever array that completes. */
  #close(reply: Reply): void {
    let whole = reply
    for (;;) {
      const array = this.#open[this.#open.length - 1]
      if (array === undefined) {
        this.#sink.deliver(whole)
        return
      }
      array.items.push(whole)
      if (array.items.length < array.length) return
      this.#open.pop()
      whole = array.items
    }
  }
}

const OPENED = Symbol('an array whose items follow')

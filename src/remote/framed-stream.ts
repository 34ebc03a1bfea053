import type { Readable } from 'node:stream'

/** One thing that is waited for, and who gets the bytes before it. */
interface Step {
  readonly until: Buffer
  readonly take: (bytes: Buffer) => void
  readonly reached?: () => void
}

export interface FrameHandlers {
  readonly onOpen: () => void
  readonly take: (bytes: Buffer) => void
}

/** How much of what is said outside of frames is kept: the last words of ssh, banners of login shells. */
const ASIDE_BYTES = 4_096

/**
 * One of the two streams of a shell. What belongs to a question stands between `NONCE{` and `NONCE}CODE\n`; whatever
 * comes before or after it was said by others.
 */
export class FramedStream {
  #pending: Buffer = Buffer.alloc(0)
  #aside: Buffer = Buffer.alloc(0)
  #steps: Step[] = []

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.#hear(chunk))
  }

  /** The end of what was said outside of frames. */
  get aside(): string {
    return this.#aside.toString('utf8')
  }

  /** Hands on the bytes of the next frame as they come; resolves with its code when it is closed. */
  frame(nonce: string, { onOpen, take }: FrameHandlers): Promise<number> {
    return new Promise((resolve) => {
      let code = ''
      this.#steps = [
        { until: Buffer.from(`${nonce}{`), take: (bytes) => this.#keepAside(bytes), reached: onOpen },
        { until: Buffer.from(`${nonce}}`), take },
        {
          until: Buffer.from('\n'),
          take: (bytes) => {
            code += bytes.toString('latin1')
          },
          reached: () => resolve(Number(code)),
        },
      ]
    })
  }

  #hear(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      const at = this.#pending.indexOf(step.until)
      step.take(this.#cut(at >= 0 ? at : this.#pending.length - overlap(this.#pending, step.until)))
      if (at < 0) return
      this.#cut(step.until.length)
      this.#steps.shift()
      step.reached?.()
    }
    this.#keepAside(this.#cut(this.#pending.length))
  }

  /** Takes the first bytes away from what is pending. */
  #cut(length: number): Buffer {
    const bytes = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return bytes
  }

  #keepAside(bytes: Buffer): void {
    this.#aside = Buffer.concat([this.#aside, bytes]).subarray(-ASIDE_BYTES)
  }
}

/** How many bytes at the end may be the beginning of the marker. */
function overlap(bytes: Buffer, marker: Buffer): number {
  let length = Math.min(bytes.length, marker.length - 1)
  while (!bytes.subarray(bytes.length - length).equals(marker.subarray(0, length))) length -= 1
  return length
}

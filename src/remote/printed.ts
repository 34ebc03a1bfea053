import { StringDecoder } from 'node:string_decoder'

/** The most that is held in memory of one stream of a script. */
export const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024

type OnLine = (line: string) => void

/** What a script prints on one of its streams. */
export class Printed {
  readonly #onTooMuch: () => void
  readonly #lines: Lines | null
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0

  /** @param onTooMuch is called for what comes beyond the limit, which is not kept */
  constructor(onTooMuch: () => void = () => {}, onLine?: OnLine) {
    this.#onTooMuch = onTooMuch
    this.#lines = onLine ? new Lines(onLine) : null
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }

  take(bytes: Buffer): void {
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes > OUTPUT_LIMIT_BYTES) {
      this.#onTooMuch()
      return
    }
    this.#chunks.push(bytes)
    this.#lines?.take(bytes)
  }

  /** Hands on the last line, if it lacks its end. */
  end(): void {
    this.#lines?.end()
  }
}

class Lines {
  readonly #onLine: OnLine
  readonly #decoder = new StringDecoder('utf8')
  #unfinished = ''

  constructor(onLine: OnLine) {
    this.#onLine = onLine
  }

  take(bytes: Buffer): void {
    const [first = '', ...more] = this.#decoder.write(bytes).split('\n')
    this.#unfinished += first
    for (const next of more) {
      this.#onLine(this.#unfinished)
      this.#unfinished = next
    }
  }

  end(): void {
    const rest = this.#unfinished + this.#decoder.end()
    if (rest !== '') this.#onLine(rest)
  }
}

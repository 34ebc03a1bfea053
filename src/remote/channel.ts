import type { Random } from '../kernel/random.ts'
import { lastLines, RemoteError, withoutValues } from './errors.ts'
import { FramedStream } from './framed-stream.ts'
import type { Line } from './line.ts'
import { Printed } from './printed.ts'
import type { Script } from './script.ts'

const NONCE_BYTES = 8

/** What is asked, and where the answer goes. */
export interface Question {
  /** For errors. */
  readonly name: string
  /** The text that is written; the answer is framed with `nonce`. */
  readonly text: (nonce: string) => string
  readonly stdout?: Printed
  readonly stderr?: Printed
  /** The answer begins: what was asked can be stopped from now on. */
  readonly onOpen?: () => void
  /** Its values appear in no error. */
  readonly env?: Script['env']
}

/** Questions and framed answers over a line, one at a time. */
export class Channel {
  readonly line: Line
  readonly host: string
  readonly #random: Random
  readonly #stdout: FramedStream
  readonly #stderr: FramedStream
  #onEnd: (() => void) | null = null
  #ending: string | null = null
  #roundTrips = 0

  constructor(random: Random, host: string, line: Line) {
    this.line = line
    this.host = host
    this.#random = random
    this.#stdout = new FramedStream(line.stdout)
    this.#stderr = new FramedStream(line.stderr)
    void line.ended.then((ending) => {
      this.#ending = ending
      this.#onEnd?.()
    })
  }

  get roundTrips(): number {
    return this.#roundTrips
  }

  /** What was said by others than scripts, such as ssh or a login shell, and how the line ended, if it did. */
  get aside(): string {
    return [this.#stdout.aside, this.#stderr.aside, this.#ending ?? '']
      .map((words) => words.trim())
      .join('\n')
      .trim()
  }

  /**
   * Resolves with the code of the answer.
   * @throws RemoteError `remote.lost` when the line ended before the answer did
   */
  async ask(question: Question): Promise<number> {
    const { name, text, stdout = new Printed(), stderr = new Printed(), onOpen = () => {}, env } = question
    const nonce = this.#random.hex(NONCE_BYTES)
    const frames = Promise.all([
      this.#stdout.frame(nonce, { onOpen, take: (bytes) => stdout.take(bytes) }),
      this.#stderr.frame(nonce, { onOpen: () => {}, take: (bytes) => stderr.take(bytes) }),
    ])
    this.line.stdin.write(text(nonce))
    const codes = await Promise.race([frames, this.#end()])
    if (codes === null) throw this.#lost(name, withoutValues(stderr.text, env))
    this.#roundTrips += 1
    return codes[0]
  }

  /** Says something that has no answer. */
  say(text: string): void {
    if (this.#ending === null) this.line.stdin.write(`${text}\n`)
  }

  #end(): Promise<null> {
    if (this.#ending !== null) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.#onEnd = () => resolve(null)
    })
  }

  #lost(name: string, stderr: string): RemoteError {
    const what = 'the line was lost before the result came; the work may or may not have been done'
    const words = lastLines(`${stderr}\n${this.aside}`.trim())
    return new RemoteError('remote.lost', `${name}: ${what}${words}`, { host: this.host })
  }
}

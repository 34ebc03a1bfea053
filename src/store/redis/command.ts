/** One command: its name and its arguments. */
export type Command = ReadonlyArray<string | number | Buffer>

/**
 * Collects commands and turns them into as few chunks as possible for one write.
 *
 * Text is gathered in one string; only an argument given as a Buffer, whose bytes need not be UTF-8, becomes a
 * chunk of its own.
 */
export class CommandBatch {
  #text = ''
  #chunks: Array<string | Buffer> = []

  add(command: Command): void {
    let text = `${this.#text}*${command.length}\r\n`
    for (const argument of command) {
      if (typeof argument === 'string') {
        text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`
      } else if (typeof argument === 'number') {
        const digits = String(argument)
        text += `$${digits.length}\r\n${digits}\r\n`
      } else {
        this.#chunks.push(`${text}$${argument.length}\r\n`, argument)
        text = '\r\n'
      }
    }
    this.#text = text
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  /** All that was added since the last call, in order. */
  take(): Array<string | Buffer> {
    const chunks = this.#chunks
    if (this.#text !== '') chunks.push(this.#text)
    this.#chunks = []
    this.#text = ''
    return chunks
  }
}

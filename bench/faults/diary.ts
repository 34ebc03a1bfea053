import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'

/** What a job wrote about itself: that it began or ended, in which process, and when. `gone`: the process ended. */
export interface DiaryLine {
  readonly word: 'begin' | 'end' | 'gone'
  readonly id: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The lines that jobs of all processes have written so far, in the order of writing. */
export class Diary {
  readonly lines: DiaryLine[] = []
  readonly #path: string
  #readBytes = 0
  #rest = ''

  constructor(path: string) {
    this.#path = path
  }

  /** Reads on to the end of the file; returns only what was new. */
  readOn(): DiaryLine[] {
    if (!existsSync(this.#path)) return []
    const file = openSync(this.#path, 'r')
    const bytes = Buffer.alloc(fstatSync(file).size - this.#readBytes)
    readSync(file, bytes, 0, bytes.length, this.#readBytes)
    closeSync(file)
    this.#readBytes += bytes.length
    const texts = (this.#rest + bytes.toString()).split('\n')
    this.#rest = texts.pop()!
    const fresh = texts.map(parsedLine)
    // A spread of very many lines would overflow the stack.
    for (const line of fresh) this.lines.push(line)
    return fresh
  }
}

export function parsedLine(text: string): DiaryLine {
  const [word, id = '', pid, at] = text.split(' ')
  return { word: word as DiaryLine['word'], id, pid: Number(pid), at: Number(at) }
}

/** Ids of the jobs whose enqueue was answered well, and of those that were refused or got no answer. */
export function readLedger(path: string): { accepted: string[]; refused: string[] } {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  const idsOf = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ')[1]!)
  return { accepted: idsOf('accepted'), refused: idsOf('refused') }
}

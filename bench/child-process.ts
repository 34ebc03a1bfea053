import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Answers, Request } from './protocol.ts'

/** Longer than any one request takes on a busy machine; past it the system counts as stuck. */
const ANSWER_WITHIN_MS = 120_000

/**
 * A system that repeats one error without pause would fill the disk with its log: 68 GB in a few minutes were seen.
 * SQLite's file of 80,000 jobs of 4 KB has a third of a GiB.
 */
export const WITH_LIMITED_FILES = ['prlimit', `--fsize=${1024 * 1024 * 1024}`]

/** A system in a process of its own, as bench/child.ts and bench/peers/sidekiq.rb serve it. */
export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  #said = ''

  private constructor(name: string, argv: readonly string[]) {
    this.name = name
    const [program, ...words] = [...WITH_LIMITED_FILES, ...argv]
    this.#process = spawn(program!, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process.stderr!.on('data', (chunk) => {
      this.#said = (this.#said + chunk).slice(-4_000)
    })
    // Who asks a process that has ended hears of it from the missing answer.
    this.#process.stdin!.on('error', () => undefined)
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
  }

  /** Resolves when the system has connected. */
  static async start(name: string, argv: readonly string[]): Promise<[Child, { loadMs: number }]> {
    const child = new Child(name, argv)
    return [child, (await child.#hear()) as { loadMs: number }]
  }

  get pid(): number {
    return this.#process.pid!
  }

  async ask<R extends Request>(request: R): Promise<Answers[R['ask']]> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`)
    return (await this.#hear()) as Answers[R['ask']]
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.stdin!.end()
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000)
    await exited
    clearTimeout(timer)
  }

  async #hear(): Promise<unknown> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), ANSWER_WITHIN_MS)
    const { value, done } = await this.#lines.next()
    clearTimeout(timer)
    if (done) throw new Error(`${this.name}: its process ended or was stuck:\n${this.#said}`)
    return JSON.parse(value as string)
  }
}

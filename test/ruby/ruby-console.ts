import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface Answer {
  readonly value?: unknown
  readonly error?: string
}

/** A page as Sidekiq's own web interface answered it. */
export interface WebPage {
  readonly status: number
  readonly body: string
  readonly location: string | null
}

/** A long-lived Ruby with Sidekiq loaded, which runs what it is told: `fixtures/console.rb`. */
export class RubyConsole {
  readonly #child: ChildProcess
  readonly #waiting: Array<(answer: Answer) => void> = []
  readonly #said: string[] = []

  constructor(environment: NodeJS.ProcessEnv) {
    this.#child = spawn('ruby', [join(import.meta.dirname, 'fixtures/console.rb')], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) =>
      this.#waiting.shift()?.(JSON.parse(line) as Answer),
    )
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.#said.push(line))
    const fail = (why: string) => {
      const error = `the Ruby console ${why}:\n${this.#said.slice(-8).join('\n')}`
      for (const resolve of this.#waiting.splice(0)) resolve({ error })
    }
    // A missing Ruby is a failure of the test that asks for it.
    this.#child.once('error', ({ message }) => fail(`could not be started (${message}); see bin/setup`))
    this.#child.once('exit', () => fail('ended'))
    // Writing to a console that has ended is answered by the two above.
    this.#child.stdin!.on('error', () => {})
  }

  /** Evaluates Ruby; the code finds its arguments in `args`. Rejects with what Ruby raised. */
  async run<Value>(code: string, ...args: unknown[]): Promise<Value> {
    const answer = new Promise<Answer>((resolve) => this.#waiting.push(resolve))
    this.#child.stdin!.write(`${JSON.stringify({ code, args })}\n`)
    const { value, error } = await answer
    if (error !== undefined) throw new Error(`Ruby: ${error}`)
    return value as Value
  }

  /** Opens a page of Sidekiq's web interface. */
  page(path: string): Promise<WebPage> {
    return this.run('$browser.get(args[0])', path)
  }

  /** Presses a button on a page: sends its form, with the token that the page carries. */
  press(page: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<WebPage> {
    return this.run('$browser.press(*args)', page, path, fields)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined)
      return
    const exited = once(this.#child, 'exit')
    this.#child.stdin!.end()
    await exited
  }
}

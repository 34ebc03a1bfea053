import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface SidekiqOptions {
  readonly queues: readonly string[]
  readonly concurrency?: number
  /** Seconds for running jobs at a stop. */
  readonly timeout?: number
  /** The Ruby file with the jobs. Default: that of the tests. */
  readonly app?: string
}

/** How much of its output is kept, for when it ends too early. */
const KEPT_OUTPUT = 8_192

/** A real `sidekiq`. */
export class SidekiqProcess {
  readonly child: ChildProcess
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  #output = ''

  constructor(environment: NodeJS.ProcessEnv, options: SidekiqOptions) {
    const app = options.app ?? join(import.meta.dirname, 'fixtures/app.rb')
    const flags = ['-r', app, '-c', String(options.concurrency ?? 5), '-t', String(options.timeout ?? 25)]
    const queues = options.queues.flatMap((queue) => ['-q', queue])
    this.child = spawn('sidekiq', [...flags, ...queues], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
      })
    }
    this.exited = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }))
  }

  get pid(): number {
    return this.child.pid!
  }

  get output(): string {
    return this.#output
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal)
    return this.exited
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../..')

/** A line of a worker's log. */
export type LogLine = Readonly<Record<string, unknown>>

/** A real `capstan work` in the directory of a fixture. */
export class WorkerProcess {
  readonly child: ChildProcess
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  readonly lines: LogLine[] = []
  #watchers: Array<() => void> = []

  constructor(directory: string, environment: NodeJS.ProcessEnv, flags: readonly string[] = []) {
    const words = ['--conditions=capstan-source', join(ROOT, 'bin/capstan.cjs'), 'work', ...flags]
    this.child = spawn(process.execPath, words, {
      cwd: directory,
      env: { ...process.env, REDIS_URL: '', ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.exited = once(this.child, 'exit').then(([code, signal]) => ({ code, signal }))
    createInterface({ input: this.child.stderr! }).on('line', (text) => {
      this.lines.push(parsed(text))
      for (const watcher of this.#watchers.splice(0)) watcher()
    })
  }

  /** Resolves with the first line that says this; rejects when the process ends without it. */
  async said(message: string): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(({ msg }) => msg === message)
      if (line !== undefined) return line
      const more = new Promise<'more'>((resolve) => this.#watchers.push(() => resolve('more')))
      const ended = this.exited.then(() => 'ended' as const)
      if ((await Promise.race([more, ended])) === 'ended') {
        throw new Error(
          `the worker ended without saying "${message}":\n${this.lines.map((one) => JSON.stringify(one)).join('\n')}`,
        )
      }
    }
  }

  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal)
    return this.exited
  }
}

function parsed(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return { msg: text }
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../../..')

/** What a worker said in its log, as far as the demo counts it. */
export interface WorkerCounts {
  retried: number
  recovered: number
}

/** A `capstan work` of this example, in a process of its own; what it logs is counted. */
export class DemoWorker {
  readonly #child: ChildProcess
  readonly #log: string[] = []
  readonly ready: Promise<void>
  readonly exited: Promise<unknown>

  constructor(environment: NodeJS.ProcessEnv, counts: WorkerCounts) {
    this.#child = spawn(process.execPath, [...process.execArgv, join(ROOT, 'bin/capstan.cjs'), 'work'], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.exited = once(this.#child, 'exit')
    const started = Promise.withResolvers<void>()
    this.ready = started.promise
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.#log.push(line)
      const { msg, to, jobs } = parsed(line)
      if (msg === 'ready') started.resolve()
      if (msg === 'job failed' && to === 'retry') counts.retried += 1
      if (msg === 'recovered a dead worker') counts.recovered += Number(jobs)
    })
    void this.exited.then(() =>
      started.reject(new Error(`the worker ended before it was ready:\n${this.#log.slice(-20).join('\n')}`)),
    )
    started.promise.catch(() => {})
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await this.exited
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}

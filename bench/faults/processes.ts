import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Launch } from './system.ts'

/** A worker that does not end by itself in this time is killed. */
const PATIENCE_MS = 40_000

/** A system that repeats one error without pause would fill the disk with its log: 68 GB in a few minutes were seen. */
const LARGEST_FILE_BYTES = 256 * 1024 * 1024

/** A program that a cell started. */
export class Program {
  readonly pid: number
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #deaths: Map<number, number>

  constructor(child: ChildProcess, deaths: Map<number, number>) {
    this.#child = child
    this.#deaths = deaths
    this.pid = child.pid!
    this.exited = once(child, 'exit').then(() => {
      if (!deaths.has(this.pid)) deaths.set(this.pid, Date.now())
    })
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  signal(name: NodeJS.Signals): void {
    if (this.hasExited) return
    // It writes nothing after this moment, however late we hear of its end.
    if (name === 'SIGKILL') this.#deaths.set(this.pid, Date.now())
    this.#child.kill(name)
  }

  async end(name: NodeJS.Signals): Promise<void> {
    this.signal(name)
    const killing = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS)
    await this.exited
    clearTimeout(killing)
  }
}

/** All programs of one cell; they end with this process at the latest. */
export class Processes {
  /** From when on a process certainly did nothing more. */
  readonly deaths = new Map<number, number>()
  readonly #programs: Program[] = []
  readonly #log: number
  readonly #endWithUs = () => {
    for (const program of this.#programs) program.signal('SIGKILL')
  }

  /** @param log the file that takes what they say */
  constructor(log: string) {
    this.#log = openSync(log, 'a')
    process.once('exit', this.#endWithUs)
  }

  start({ command, args, directory, environment }: Launch): Program {
    const child = spawn('prlimit', [`--fsize=${LARGEST_FILE_BYTES}`, command, ...args], {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', this.#log, this.#log],
    })
    const program = new Program(child, this.deaths)
    this.#programs.push(program)
    return program
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.hasExited || program.end('SIGKILL')))
    process.removeListener('exit', this.#endWithUs)
    closeSync(this.#log)
  }
}

/** Keeps one worker up: starts the next one the moment that one is gone. */
export class Keeper {
  current: Program
  /** How often the worker was started again. */
  restarts = 0
  readonly #start: () => Program
  #stopped = false

  constructor(start: () => Program) {
    this.#start = start
    this.current = start()
    this.#watch()
  }

  /** Starts none again; the worker that is up stays as it is. */
  rest(): void {
    this.#stopped = true
  }

  async stop(): Promise<void> {
    this.rest()
    await this.current.end('SIGTERM')
  }

  #watch(): void {
    void this.current.exited.then(() => {
      if (this.#stopped) return
      this.restarts += 1
      this.current = this.#start()
      this.#watch()
    })
  }
}

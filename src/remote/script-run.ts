import type { Runtime } from '../kernel/runtime.ts'
import type { Channel } from './channel.ts'
import { lastLines, RemoteError, type RemoteErrorCode, signalOf, withoutValues } from './errors.ts'
import { Printed } from './printed.ts'
import type { Script } from './script.ts'
import type { RunOptions, RunResult } from './transport.ts'
import { scriptWords } from './word.ts'

/** Why a script was told to stop, and how that is said. */
const STOPPED = {
  'remote.cancelled': 'was cancelled',
  'remote.timeout': 'took longer than its limit and was killed',
  'remote.output': 'printed more than 64 MiB and was killed; let it write into a file',
} as const

type StopCode = keyof typeof STOPPED

/** One script on a free channel. */
export class ScriptRun {
  readonly #runtime: Runtime
  readonly #channel: Channel
  readonly #script: Script
  readonly #options: RunOptions
  readonly #stdout: Printed
  readonly #stderr: Printed
  #stopped: StopCode | null = null
  #isOpen = false

  constructor(
    runtime: Runtime,
    channel: Channel,
    { script, options }: { script: Script; options: RunOptions },
  ) {
    const { onLine } = options
    this.#runtime = runtime
    this.#channel = channel
    this.#script = script
    this.#options = options
    const tooMuch = () => this.#stop('remote.output')
    this.#stdout = new Printed(tooMuch, onLine && ((line) => onLine(line, 'stdout')))
    this.#stderr = new Printed(tooMuch, onLine && ((line) => onLine(line, 'stderr')))
  }

  /** @throws RemoteError for every end but an accepted exit code */
  async result(): Promise<RunResult> {
    const { clock } = this.#runtime
    const startedAt = clock.mono()
    const exitCode = await this.#exitCode()
    this.#stdout.end()
    this.#stderr.end()
    const { accept = [0] } = this.#options
    if (this.#stopped !== null) throw this.#error(this.#stopped, STOPPED[this.#stopped], exitCode)
    if (!accept.includes(exitCode)) throw this.#unaccepted(exitCode, accept)
    return {
      exitCode,
      stdout: this.#stdout.text,
      stderr: this.#stderr.text,
      durationMs: clock.mono() - startedAt,
    }
  }

  async #exitCode(): Promise<number> {
    const { signal, timeoutMs } = this.#options
    const words = scriptWords(this.#channel.host, this.#script)
    if (signal?.aborted) throw this.#error('remote.cancelled', 'was not begun', null)
    const cancel = () => this.#stop('remote.cancelled')
    signal?.addEventListener('abort', cancel)
    const ended =
      timeoutMs === undefined
        ? null
        : this.#runtime.clock.after(timeoutMs, () => this.#stop('remote.timeout'))
    try {
      return await this.#channel.ask({
        name: this.#script.name,
        text: (nonce) => `run ${nonce} ${words}\n`,
        stdout: this.#stdout,
        stderr: this.#stderr,
        onOpen: () => this.#open(),
        env: this.#script.env,
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
      ended?.()
    }
  }

  #stop(code: StopCode): void {
    if (this.#stopped !== null) return
    this.#stopped = code
    if (this.#isOpen) this.#channel.say('kill')
  }

  #open(): void {
    this.#isOpen = true
    if (this.#stopped !== null) this.#channel.say('kill')
  }

  #unaccepted(exitCode: number, accept: readonly number[]): RemoteError {
    const signal = signalOf(exitCode)
    if (signal !== null) return this.#error('remote.signal', `was ended by ${signal}`, exitCode)
    return this.#error('remote.exit', `exit code ${exitCode}, expected ${accept.join(' or ')}`, exitCode)
  }

  #error(code: RemoteErrorCode, what: string, exitCode: number | null): RemoteError {
    const words = lastLines(withoutValues(this.#stderr.text, this.#script.env))
    return new RemoteError(code, `${this.#script.name}: ${what}${words}`, {
      host: this.#channel.host,
      exitCode,
    })
  }
}

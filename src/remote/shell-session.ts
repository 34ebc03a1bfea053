import type { Runtime } from '../kernel/runtime.ts'
import { Channel } from './channel.ts'
import { RemoteError, type RemoteErrorCode } from './errors.ts'
import { BOOTSTRAP } from './host-loop.ts'
import type { Dialer } from './line.ts'
import { Printed } from './printed.ts'
import type { Script } from './script.ts'
import { ScriptRun } from './script-run.ts'
import type { Guard, HostAddress, RemoteShell, RunOptions, RunResult } from './transport.ts'
import { upload } from './upload.ts'
import { scriptWords, word } from './word.ts'

/** Three pings may be late before the lease is over. */
const PINGS_PER_LEASE = 4
/** How long the host may take to kill what runs (5 s) and to run its guards, before the line is cut. */
const CLOSE_MS = 20_000
const NONCE_BYTES = 8
const DEFAULT_MODE = 0o644

const PUT_IN_PLACE = 'chmod -- "$3" "$1"; mv -fT -- "$1" "$2"'

/** The protocol of host-loop.ts. */
export class ShellSession implements RemoteShell {
  readonly address: HostAddress
  readonly #runtime: Runtime
  readonly #channel: Channel
  readonly #dialer: Dialer
  readonly #ended = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  #uploads = 0
  #guards = 0
  #isClosed = false

  constructor(
    runtime: Runtime,
    channel: Channel,
    options: { dialer: Dialer; address: HostAddress; leaseMs: number },
  ) {
    this.address = options.address
    this.#runtime = runtime
    this.#channel = channel
    this.#dialer = options.dialer
    void channel.line.ended.then(() => this.#ended.abort())
    void this.#ping(options.leaseMs / PINGS_PER_LEASE)
  }

  get roundTrips(): number {
    // The first one was the greeting.
    return this.#channel.roundTrips - 1 + this.#uploads
  }

  run(script: Script, options: RunOptions = {}): Promise<RunResult> {
    return this.#inTurn(script.name, () =>
      new ScriptRun(this.#runtime, this.#channel, { script, options }).result(),
    )
  }

  async put(
    content: AsyncIterable<Uint8Array>,
    path: string,
    { mode = DEFAULT_MODE, signal }: { readonly mode?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const part = `${path}.${this.#runtime.random.hex(NONCE_BYTES)}.part`
    const channel = new Channel(this.#runtime.random, this.address.host, this.#dialer.open(BOOTSTRAP))
    try {
      await upload(channel, { content, path: part, signal })
      this.#uploads += 1
      const args = [part, path, mode.toString(8)]
      await this.run(
        { name: `put ${path} in place`, body: PUT_IN_PLACE, args },
        signal === undefined ? {} : { signal },
      )
    } catch (error) {
      await this.run({ name: `remove ${part}`, body: 'rm -f -- "$1"', args: [part] }).catch(() => {})
      throw error
    } finally {
      channel.line.kill()
    }
  }

  async lock(path: string, note: string): Promise<string | null> {
    const { code, stdout } = await this.#ask('lock', path, note)
    if (code === 0) return null
    if (code === 1) return stdout
    throw this.#error('remote.exit', `lock ${path}: ${stdout}`)
  }

  async unlock(path: string): Promise<void> {
    const { code } = await this.#ask('unlock', path)
    if (code !== 0) throw this.#error('remote.exit', `unlock ${path}: it was not locked here`)
  }

  async guard(script: Script): Promise<Guard> {
    this.#guards += 1
    const id = String(this.#guards)
    const { host } = this.address
    const words = scriptWords(host, script)
    const tell = (verb: string, rest: string) =>
      this.#inTurn(`${verb} ${script.name}`, () =>
        this.#channel.ask({
          name: `${verb} ${script.name}`,
          text: (nonce) => `${verb} ${nonce} ${id} ${rest}\n`,
        }),
      )
    await tell('guard', words)
    return {
      disarm: async () => {
        await tell('disarm', '')
      },
    }
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#channel.say('bye')
      this.#channel.line.stdin.end()
    }
    void this.#runtime.clock.sleep(CLOSE_MS, this.#ended.signal).then(() => this.#channel.line.kill())
    await this.#channel.line.ended
  }

  async #ask(verb: string, path: string, ...more: string[]): Promise<{ code: number; stdout: string }> {
    const stdout = new Printed()
    const name = `${verb} ${path}`
    const text = (nonce: string) => `${verb} ${nonce} ${[path, ...more].map(word).join(' ')}\n`
    const code = await this.#inTurn(name, () => this.#channel.ask({ name, text, stdout }))
    return { code, stdout: stdout.text }
  }

  #inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(() => {
      if (this.#isClosed) throw this.#error('remote.closed', `${name}: the shell was closed`)
      return work()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #error(code: RemoteErrorCode, message: string): RemoteError {
    return new RemoteError(code, message, { host: this.address.host })
  }

  async #ping(everyMs: number): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#runtime.clock.sleep(everyMs, this.#ended.signal)
      this.#channel.say('ping')
    }
  }
}

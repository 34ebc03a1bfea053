import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import type { Runtime } from '../../src/kernel/runtime.ts'
import { RemoteError, type RemoteErrorCode } from '../../src/remote/errors.ts'
import type { RemoteShell, Transport } from '../../src/remote/transport.ts'

/** A way to this very machine, so that what it leaves behind can be looked at. */
export interface WayUnderTest {
  readonly name: string
  transport(runtime: Runtime, leaseMs?: number): Transport
  /** For hold-a-shell.ts, which goes the same way from a process of its own: none is the local one. */
  sshOptions(): readonly string[] | null
}

export type ShellScenario = (stage: ShellStage) => Promise<void>
export type ShellScenarios = Readonly<Record<string, ShellScenario>>

/** For what takes milliseconds on an idle machine. */
export const LIMIT_MS = 20_000
const HOLDER = join(import.meta.dirname, 'hold-a-shell.ts')
const ADDRESS = { host: 'localhost' }

export const realRuntime: Runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }

/** What one scenario works with; all of it ends with `strike`. */
export class ShellStage {
  readonly #way: WayUnderTest
  readonly #folder: string
  readonly #shells: RemoteShell[] = []
  readonly #holders: ChildProcess[] = []

  static async build(way: WayUnderTest): Promise<ShellStage> {
    return new ShellStage(way, await mkdtemp(join(tmpdir(), 'capstan-remote-')))
  }

  private constructor(way: WayUnderTest, folder: string) {
    this.#way = way
    this.#folder = folder
  }

  readonly connect = async (runtime: Runtime = realRuntime, leaseMs?: number): Promise<RemoteShell> => {
    const shell = await this.#way.transport(runtime, leaseMs).connect(ADDRESS)
    this.#shells.push(shell)
    return shell
  }

  /** The path of a file that does not exist. */
  readonly fresh = (name: string): string => join(this.#folder, name)

  /** Starts a controller in a process of its own; it has sent a guard and runs a script that writes its number. */
  readonly hold = async (guarded: string, running: string): Promise<ChildProcess> => {
    const options = JSON.stringify(this.#way.sshOptions())
    const holder = spawn(process.execPath, [HOLDER, options, guarded, running], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#holders.push(holder)
    await once(holder.stdout, 'data')
    return holder
  }

  async strike(): Promise<void> {
    for (const holder of this.#holders) holder.kill('SIGKILL')
    await Promise.all(this.#shells.map((shell) => shell.close()))
    await rm(this.#folder, { recursive: true })
  }
}

export async function rejectsWith(code: RemoteErrorCode, promise: Promise<unknown>): Promise<RemoteError> {
  const error = await promise.then(
    (value) => assert.fail(`expected ${code}, got ${JSON.stringify(value)?.slice(0, 200)}`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof RemoteError, String(error))
  assert.equal(error.code, code, error.message)
  return error
}

/** The process that reads our messages: the fourth above a script. */
export async function loopOf(shell: RemoteShell): Promise<number> {
  const above = `above() { awk '/^PPid:/ { print $2 }' "/proc/$1/status"; }`
  const { stdout } = await shell.run({
    name: 'ask above',
    body: `${above}; above "$(above "$(above "$PPID")")"`,
  })
  return Number(stdout)
}

/** Whether it runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The command lines of all processes, as `ps` would show them to anybody. */
export function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
}

/** The text of a file, or null while there is none, or it is empty. */
export async function textOf(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text === '' ? null : text
}

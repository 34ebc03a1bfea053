import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/** How a command ended, and what it said. */
export interface Ended {
  /** 128 and more is 128 + the number of the signal that ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly input?: string | undefined
  /** All that it gets. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * A host that shuts down first stops all that runs in it. A program that has entered it with nsenter is then stopped,
 * too, does not see that its child is dead, and so keeps the host from its end, until somebody wakes it.
 */
const WAKE_EVERY_MS = 500

/** Runs a program to its end. Rejects only when it cannot be started. */
export async function ended(argv: readonly string[], { input, env }: Surroundings = {}): Promise<Ended> {
  const [program, ...words] = argv
  const child = spawn(program!, words, { env: env ?? process.env })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  // It may end without reading to the end, which is no failure of ours.
  child.stdin.on('error', () => {}).end(input)
  const waking = setInterval(() => child.kill('SIGCONT'), WAKE_EVERY_MS)
  const [code, signal] = (await once(child, 'close').finally(() => clearInterval(waking))) as [
    number | null,
    NodeJS.Signals | null,
  ]
  return { code: code ?? 128 + constants.signals[signal!], ...said }
}

/** What a program prints. Rejects with all it said when its code is not 0. */
export async function output(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ended(argv)
  if (code !== 0) throw new Error(`${argv.join(' ')}: code ${code}\n${stdout}${stderr}`)
  return stdout
}

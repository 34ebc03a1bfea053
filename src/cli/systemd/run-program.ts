import { spawn } from 'node:child_process'

export interface Ended {
  /** null: it could not be started. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of this machine to its end, with an empty input; never through a shell. */
export function runProgram(argv: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  child.on('error', (error) => resolve({ code: null, stdout: '', stderr: error.message }))
  child.on('close', (code) => resolve({ code: code ?? 1, ...said }))
  return promise
}

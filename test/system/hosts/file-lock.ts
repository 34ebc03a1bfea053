import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Held until it is disposed of, or this process ends in whatever way. */
export type FileLock = AsyncDisposable

/** Waits for the exclusive lock on a file or folder that exists, which no other process holds then. */
export async function lockFile(path: string): Promise<FileLock> {
  // It ends, and lets go, when nobody holds the other end of its input.
  const holder = spawn('flock', [path, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Whoever ends this process group leaves it to the input to end the holder.
    detached: true,
  })
  const ended = once(holder, 'exit')
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(([code]) => {
      throw new Error(`flock ${path} ended with code ${code}`)
    }),
  ])
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end()
      await ended
    },
  }
}

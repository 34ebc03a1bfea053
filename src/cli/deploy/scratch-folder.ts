import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'capstan-packed-code-'
/** All that such a folder ever holds: what looks otherwise is not ours to remove. */
const CONTENT = 'scratch'
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

export interface ScratchPlace {
  /** Default: the temporary folder of this machine. */
  readonly parent?: string
  /** Whose abandoned folders are removed. Default: the user who runs this process. */
  readonly uid?: number
}

/**
 * Calls `work` with an empty folder that nobody else may read, and removes it afterwards. Before that it removes those of
 * processes that were killed.
 *
 * A process holds the lock of its open folder for as long as it lives, stopped or not; the kernel frees it, whatever
 * ended the process. A folder gets its content under the lock only, so that one with content and no lock is abandoned.
 */
export async function withScratchFolder<Result>(
  work: (folder: string) => Promise<Result>,
  { parent = tmpdir(), uid = process.getuid!() }: ScratchPlace = {},
): Promise<Result> {
  await removeAbandoned(parent, uid)
  const path = await mkdtemp(join(parent, PREFIX))
  await using folder = await open(path, FOLDER)
  await lock(folder)
  try {
    const scratch = join(path, CONTENT)
    await mkdir(scratch)
    return await work(scratch)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function removeAbandoned(parent: string, uid: number): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX))
  // Settled: what is another user's cannot be opened, and what is no folder or has just gone is nothing to remove.
  await Promise.allSettled(names.map((name) => removeUnowned(join(parent, name), uid)))
}

async function removeUnowned(path: string, uid: number): Promise<void> {
  await using folder = await open(path, FOLDER)
  const isOurs = (await folder.stat()).uid === uid
  const content = await readdir(path)
  if (!isOurs || content.length !== 1 || content[0] !== CONTENT) return
  if (await lock(folder)) await rm(path, { recursive: true })
}

/** The program locks the open folder that it is given, which stays ours when it ends. False: another process has it. */
function lock({ fd }: FileHandle): Promise<boolean> {
  const child = spawn('flock', ['--exclusive', '--nonblock', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  })
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code === 0))
    // Without the program nobody removes anything, and the shell on this machine says what is missing.
    child.on('error', () => resolve(false))
  })
}

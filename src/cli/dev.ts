import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { messageOf } from '../kernel/errors.ts'
import type { GlobalOptions, Session } from './session.ts'

const SOURCE = /\.(ts|js|mjs|json)$/
const IGNORED = /(^|\/)(node_modules|\.capstan|\.git|dist)(\/|$)/

/** Editors write a file in several steps; one restart is enough for all of them. */
const SETTLE_MS = 100

/** The last is what the end of its terminal sends. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `capstan --verbose work`, which logs each job that is done, and starts it anew when a source file changes, through
 * the same drain as in production: what runs is finished or handed back. Told to stop, it ends its worker likewise; told
 * twice, at once.
 */
export async function dev({ runtime, options }: Session, words: readonly string[]): Promise<void> {
  const { clock, logger } = runtime
  const command = [...configWords(options), '--verbose', 'work', '--attached', ...words]
  const ended = new AbortController()
  const stopped = new Promise<null>((resolve) =>
    ended.signal.addEventListener('abort', () => resolve(null), { once: true }),
  )
  const changes = changed(process.cwd())
  let child = start(command)
  let isDraining = false
  const stop = () => {
    // To a worker that drains, one more signal would mean that it is not to wait.
    if (!isDraining || ended.signal.aborted) child.kill('SIGTERM')
    ended.abort()
  }
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  while (!ended.signal.aborted) {
    const file = await Promise.race([changes.next(), exited(child), stopped])
    if (ended.signal.aborted) break
    if (file === null) {
      logger.warn('the worker ended; waiting for a change')
      await Promise.race([changes.next(), stopped])
    } else logger.info('changed; starting again', { file })
    await clock.sleep(SETTLE_MS, ended.signal)
    if (ended.signal.aborted) break
    isDraining = true
    child.kill('SIGTERM')
    await exited(child)
    isDraining = false
    if (!ended.signal.aborted) child = start(command)
  }
  await exited(child)
  changes.close()
}

function configWords({ config }: GlobalOptions): string[] {
  return config === undefined ? [] : ['--config', config]
}

/**
 * In a process group of its own: a terminal's Ctrl-C reaches it through us, and so once only. Over a line that nobody
 * speaks on: it is cut when we are gone, whatever ended us, and an attached worker then stops.
 */
function start(command: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...command], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
}

async function exited(child: ChildProcess): Promise<null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return null
}

/** The next source file that changes below a directory. */
function changed(directory: string): { next(): Promise<string>; close(): void } {
  let wake = Promise.withResolvers<string>()
  const watcher = watch(directory, { recursive: true }, (_event, file) => {
    if (file === null || !SOURCE.test(file) || IGNORED.test(file)) return
    wake.resolve(file)
    wake = Promise.withResolvers<string>()
  })
  watcher.on('error', (error) => process.stderr.write(`watching ${directory}: ${messageOf(error)}\n`))
  return { next: () => wake.promise, close: () => watcher.close() }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { messageOf } from '../kernel/errors.ts'
import type { Session } from './session.ts'

const SOURCE = /\.(ts|js|mjs|json)$/
const IGNORED = /(^|\/)(node_modules|\.capstan|\.git|dist)(\/|$)/

/** Editors write a file in several steps; one restart is enough for all of them. */
const SETTLE_MS = 100

/**
 * Runs `capstan work` and starts it anew when a source file changes, through the same drain as in production:
 * what runs is finished or handed back.
 */
export async function dev(session: Session, words: readonly string[]): Promise<void> {
  const { clock, logger } = session.runtime
  const ended = new AbortController()
  const changes = changed(process.cwd())
  let child = start(words)
  const stop = () => {
    ended.abort()
    child.kill('SIGTERM')
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  while (!ended.signal.aborted) {
    const what = await Promise.race([changes.next(), exited(child)])
    if (ended.signal.aborted) break
    if (what === null) {
      logger.warn('the worker ended; waiting for a change')
      await changes.next()
    } else logger.info('changed; starting again', { file: what })
    await clock.sleep(SETTLE_MS)
    child.kill('SIGTERM')
    await exited(child)
    child = start(words)
  }
  await exited(child)
  changes.close()
}

function start(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'work', ...words], {
    stdio: 'inherit',
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

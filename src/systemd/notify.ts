import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import { type Libsystemd, libsystemd } from './libsystemd.ts'

/** Sends one message of assignments (`READY=1`, `STATUS=…`) to systemd. See sd_notify(3). */
export type Notify = (...assignments: string[]) => void

export interface NotifyDoors {
  readonly library: () => Libsystemd | null
  /** Runs `systemd-notify` with these words; rejects when it cannot be run or fails. */
  readonly run: (words: readonly string[]) => Promise<void>
}

/**
 * The way to the systemd that started this process, or null when none did, or none that wants to be told.
 * Through libsystemd; else through `systemd-notify`, for which the unit needs `NotifyAccess=all`; else through nothing,
 * which is logged once.
 */
export function notifier(
  logger: Logger,
  environment: NodeJS.ProcessEnv,
  { library, run }: NotifyDoors = { library: libsystemd, run: runHelper },
): Notify | null {
  if (!environment.NOTIFY_SOCKET) return null
  const lib = library()
  const silenced = onceOnly((error: string) =>
    logger.warn('systemd does not hear from this process; install the package koffi', { error }),
  )
  if (lib !== null) {
    return (...assignments) => {
      if (!lib.notify(assignments.join('\n'))) silenced('sd_notify failed')
    }
  }
  // With NotifyAccess=main systemd drops what the helper says, and neither it nor we are told.
  logger.info(
    'without the package koffi systemd hears this process only where its unit says NotifyAccess=all',
  )
  // One after the other: the order of messages is their meaning.
  let last = Promise.resolve()
  return (...assignments) => {
    last = last.then(() => run(assignments)).catch((error: unknown) => silenced(messageOf(error)))
  }
}

async function runHelper(words: readonly string[]): Promise<void> {
  const child = spawn('systemd-notify', words, { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`systemd-notify ended with ${code}`)
}

function onceOnly(call: (text: string) => void): (text: string) => void {
  let isDone = false
  return (text) => {
    if (!isDone) call(text)
    isDone = true
  }
}

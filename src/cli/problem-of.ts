import { CommanderError } from 'commander'
import { CapstanError, messageOf } from '../kernel/errors.ts'
import { exitCodeOf } from './exit-code.ts'
import type { Problem } from './output.ts'

const REFUSED = 'nothing was changed; mend what the store refuses, then repeat the command'
const NEXT: Readonly<Record<string, string>> = {
  'store.not_stored':
    'nothing was changed; see that the store runs and is reached at its configured address, then repeat the command',
  'store.unknown':
    'the store did not answer: the change may or may not have been made; the command may be repeated safely',
  'store.full': 'the store has no room left; free memory or disk space there, then repeat the command',
}

/** What to tell of something that a command threw. */
export function problemOf(error: unknown): Problem {
  const exitCode = exitCodeOf(error)
  if (error instanceof CommanderError) return { ...misspelt(error), code: 'options.invalid', exitCode }
  // An error without a code is a bug, and its stack helps.
  if (!(error instanceof CapstanError)) return { what: stackOf(error), code: 'internal.unexpected', exitCode }
  const next = error.code === 'store.not_stored' && !error.retryable ? REFUSED : NEXT[error.code]
  return { what: error.message, code: error.code, ...(next === undefined ? {} : { next }), exitCode }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error)
}

function misspelt({ code, message }: CommanderError): Pick<Problem, 'what' | 'next'> {
  if (code === 'commander.help') return { what: 'no command was given', next: 'capstan --help lists them' }
  return { what: message.replace(/^error: /, '').trim() }
}

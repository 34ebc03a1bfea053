import { CommanderError } from 'commander'
import { CapstanError, UsageError } from '../kernel/errors.ts'
import { EXIT, type ExitCode } from './output.ts'

/** What the process ends with when a command threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof CapstanError && error.code === 'deploy.preflight') return EXIT.notReady
  if (error instanceof CapstanError && error.code === 'worker.unknown') return EXIT.nothingMatched
  return error instanceof UsageError ? EXIT.usage : EXIT.failure
}

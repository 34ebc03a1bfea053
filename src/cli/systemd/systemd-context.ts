import type { Command } from 'commander'
import { UsageError } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import { type Description, operatorCommand } from '../operator/operator-command.ts'
import type { Output } from '../output.ts'
import type { Session } from '../session.ts'

/** What the commands about systemd work with. */
export interface SystemdContext {
  readonly session: () => Session
  readonly out: Output
  readonly runtime: Runtime
}

/** A command under another one, which inherits nothing from the program by itself. */
export function subcommand(signature: string, description: Description): Command {
  return operatorCommand(signature, description).exitOverride().showSuggestionAfterError()
}

/** @throws UsageError when the word is none of the choices */
export function oneOf<Choice extends string>(
  option: string,
  choices: readonly Choice[],
): (word: string) => Choice {
  return (word) => {
    const choice = choices.find((each) => each === word)
    if (choice !== undefined) return choice
    throw new UsageError('options.invalid', `${option}: expected ${choices.join(', ')}, got "${word}"`)
  }
}

export function repeated(word: string, words: readonly string[] = []): string[] {
  return [...words, word]
}

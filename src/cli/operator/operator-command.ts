import { Command } from 'commander'
import { type Admin, adminOf } from '../../admin/index.ts'
import { CapstanError } from '../../kernel/errors.ts'
import type { Output } from '../output.ts'
import { problemOf } from '../problem-of.ts'
import type { OperatorContext } from './operator-context.ts'

export interface Description {
  readonly about: string
  /** Shown under the options; the first is the usual case. */
  readonly examples: readonly string[]
}

/** What a command's action is given besides the words behind its name. */
export interface Invocation<Options> {
  readonly admin: Admin
  readonly out: Output
  readonly options: Options
  readonly now: number
}

/** A command with what all of them share: `--json`, and examples in its help. */
export function operatorCommand(signature: string, { about, examples }: Description): Command {
  const [name, ...words] = signature.split(' ')
  const command = new Command(name).description(about)
  for (const word of words) command.argument(word)
  const lines = examples.map((example) => `  $ ${example}`)
  return command
    .option('--json', 'answer with one JSON document')
    .addHelpText('after', `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`)
}

/**
 * Wraps what a command does: opens the store, and says errors of ours in plain words. What commander hands over
 * is the command's own words, then its options, then the command.
 */
export function acts<Options>(
  context: OperatorContext,
  act: (invocation: Invocation<Options>, ...words: never[]) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command
    const { out, runtime } = context
    const options = command.optsWithGlobals() as Options & { json?: boolean }
    if (options.json) out.json = true
    try {
      const admin = adminOf(runtime, await context.store())
      await act({ admin, out, options, now: runtime.clock.now() }, ...(given.slice(0, -2) as never[]))
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error
      out.fail(problemOf(error))
    }
  }
}

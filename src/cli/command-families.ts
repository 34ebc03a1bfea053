import type { Command } from 'commander'
import { type EngineContext, engineCommands } from './engine-commands.ts'
import type { OperatorContext } from './operator/index.ts'

export type CommandContext = EngineContext & OperatorContext

/**
 * The commands for these words, in the order in which help lists them.
 *
 * Workers, their recovery and clients start often and must start fast: for them the rest is not loaded.
 */
export async function commandsFor(words: readonly string[], context: CommandContext): Promise<Command[]> {
  const engine = engineCommands(context)
  if (engine.some((command) => command.name() === words[0])) return engine
  const [{ operatorCommands }, { systemdCommands }, { deployCommands }] = await Promise.all([
    import('./operator/index.ts'),
    import('./systemd/index.ts'),
    import('./deploy/index.ts'),
  ])
  return [...engine, ...operatorCommands(context), ...systemdCommands(context), ...deployCommands(context)]
}

import type { Command } from 'commander'
import { clearCommand } from './clear-command.ts'
import { deleteCommand, killCommand, retryCommand } from './entry-commands.ts'
import { jobsCommand } from './jobs-command.ts'
import { markDeployCommand } from './mark-deploy-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { pauseCommand, resumeCommand } from './pause-command.ts'
import { queuesCommand } from './queues-command.ts'
import { quietCommand, stopCommand } from './signal-command.ts'
import { statsCommand } from './stats-command.ts'
import { workersCommand } from './workers-command.ts'

export type { OperatorContext } from './operator-context.ts'

const COMMANDS = [
  ...[queuesCommand, jobsCommand, retryCommand, killCommand, deleteCommand, clearCommand],
  ...[
    pauseCommand,
    resumeCommand,
    statsCommand,
    workersCommand,
    quietCommand,
    stopCommand,
    markDeployCommand,
  ],
]

/** All commands of an operator, in the order in which help lists them. */
export function operatorCommands(context: OperatorContext): Command[] {
  return COMMANDS.map((command) => command(context))
}

import { Command } from 'commander'
import { diffCommand } from './diff-command.ts'
import { explainCommand } from './explain-command.ts'
import { showCommand } from './show-command.ts'
import type { SystemdContext } from './systemd-context.ts'
import { verifyCommand } from './verify-command.ts'

/** `capstan unit`: the units of workers, and anybody else's. */
export function unitCommand(context: SystemdContext): Command {
  const command = new Command('unit')
    .description('print, explain, check and compare systemd units')
    .addHelpText('after', '\nExample: capstan unit explain /etc/systemd/system/sidekiq.service')
  for (const each of [showCommand, explainCommand, verifyCommand, diffCommand])
    command.addCommand(each(context))
  return command
}

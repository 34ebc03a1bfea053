import { Command } from 'commander'
import { explainCommand } from './explain-command.ts'
import { showCommand } from './show-command.ts'
import type { SystemdContext } from './systemd-context.ts'
import { verifyCommand } from './verify-command.ts'

/** `capstan unit`: the units of workers, and anybody else's. */
export function unitCommand(context: SystemdContext): Command {
  const command = new Command('unit')
    .description('print, explain and check systemd units')
    .addHelpText('after', '\nExample: capstan unit explain /etc/systemd/system/sidekiq.service')
  for (const each of [showCommand, explainCommand, verifyCommand]) command.addCommand(each(context))
  return command
}

import type { Command } from 'commander'
import { auditCommand } from './audit-command.ts'
import { configCommand } from './config-command.ts'
import { deployCommand, rollbackCommand } from './deploy-command.ts'
import { importCapCommand } from './import-cap-command.ts'
import { lockCommand, unlockCommand } from './lock-commands.ts'
import { logsCommand } from './logs-command.ts'
import { releasesCommand } from './releases-command.ts'
import { serviceCommand } from './service-commands.ts'
import { setupCommand } from './setup-command.ts'
import { shellCommand } from './shell-command.ts'
import type { DeployContext } from './stage-command.ts'
import { statusCommand } from './status-command.ts'

/** The commands that work on the hosts of a stage. */
export function deployCommands(context: DeployContext): Command[] {
  return [
    setupCommand(context),
    deployCommand(context),
    rollbackCommand(context),
    releasesCommand(context),
    statusCommand(context),
    serviceCommand(context, 'start'),
    serviceCommand(context, 'restart'),
    logsCommand(context),
    shellCommand(context),
    lockCommand(context),
    unlockCommand(context),
    auditCommand(context),
    configCommand(context),
    importCapCommand(context),
  ]
}

import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { closeStage, openStage } from '../../deploy/on-host/notes.ts'
import { makeState } from '../../deploy/on-host/prepare.ts'
import { inOrder } from '../../remote/script.ts'
import { writeJson } from '../output.ts'
import { onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import type { StageFlags } from './stage-session.ts'

/**
 * `capstan lock STAGE`: closes a stage by hand until it is opened by hand. Deploys that are at work hold a lock of their
 * own, which needs no command: it ends with them.
 */
export function lockCommand(context: DeployContext): Command {
  return stageCommand('lock', 'close a stage: no deploy or rollback until it is unlocked')
    .option('--message <text>', 'why; shown to whoever tries', 'closed by hand')
    .addHelpText('after', '\nExample: capstan lock production --message "database is being moved"')
    .action(async (name: string, flags: StageFlags & { message: string }) => {
      await onStage(context, { stage: name, flags }, ({ stage, hosts, by, runtime }) => {
        const note = { by, since: new Date(runtime.clock.now()).toISOString(), message: flags.message }
        return onEach(hosts, ({ shell }) =>
          shell.run(inOrder('close the stage', [makeState(stage.layout), closeStage(stage.layout, note)])),
        )
      })
      said(context, { stage: name, closed: true })
    })
}

/** `capstan unlock STAGE`. */
export function unlockCommand(context: DeployContext): Command {
  return stageCommand('unlock', 'open a stage that was closed by hand')
    .addHelpText('after', '\nExample: capstan unlock production')
    .action(async (name: string, flags: StageFlags) => {
      await onStage(context, { stage: name, flags }, ({ stage, hosts }) =>
        onEach(hosts, ({ shell }) => shell.run(openStage(stage.layout))),
      )
      said(context, { stage: name, closed: false })
    })
}

function said({ out }: DeployContext, state: { readonly stage: string; readonly closed: boolean }): void {
  if (out.json) writeJson(out, state)
  else out.write(`${state.stage} is ${state.closed ? 'closed to deploys' : 'open'}`)
}

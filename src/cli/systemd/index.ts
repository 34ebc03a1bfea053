import type { Command } from 'commander'
import { doctorCommand } from './doctor-command.ts'
import { sudoersCommand } from './sudoers-command.ts'
import type { SystemdContext } from './systemd-context.ts'
import { unitCommand } from './unit-command.ts'

export type { SystemdContext } from './systemd-context.ts'

/** The commands about systemd and this machine, in the order in which help lists them. */
export function systemdCommands(context: SystemdContext): Command[] {
  return [unitCommand, sudoersCommand, doctorCommand].map((command) => command(context))
}

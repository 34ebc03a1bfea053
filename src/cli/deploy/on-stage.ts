import type { DeployHost } from '../../deploy/deployment.ts'
import { onEach } from '../../deploy/fleet.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { StageShells } from '../../deploy/stage-shells.ts'
import type { Script } from '../../remote/script.ts'
import { interruptible } from './interruptible.ts'
import type { DeployContext } from './stage-command.ts'
import { type StageFlags, type StageSession, stageSession } from './stage-session.ts'

/** A stage with an open shell on each of its hosts. */
export interface OpenStage extends StageSession {
  readonly hosts: readonly DeployHost[]
  readonly shells: StageShells
  readonly signal: AbortSignal
}

/** Opens a stage for one command, and closes it whatever happens. */
export async function onStage<Result>(
  { session, out }: DeployContext,
  { stage: name, flags }: { readonly stage: string; readonly flags: StageFlags },
  work: (stage: OpenStage) => Promise<Result>,
): Promise<Result> {
  const stages = await stageSession(session(), name, flags)
  using interrupt = interruptible(out)
  await using shells = await StageShells.open(stages.stage, stages.transportTo, interrupt.signal)
  return await work({ ...stages, hosts: shells.hosts, shells, signal: interrupt.signal })
}

/** Asks every host the same, and reads what it says. */
export async function askAll<Answer>(
  { hosts, signal }: OpenStage,
  script: Script,
  read: (reply: Reply, stdout: string) => Answer,
): Promise<Map<string, Answer>> {
  return onEach(hosts, async ({ shell }) => {
    const { stdout } = await shell.run(script, { signal })
    return read(new Reply(stdout), stdout)
  })
}

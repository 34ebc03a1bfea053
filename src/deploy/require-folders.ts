import { typed } from '../remote/ssh-command.ts'
import type { RemoteShell } from '../remote/transport.ts'
import { DeployError } from './deploy-error.ts'
import { type Barrier, barriers, probeFolders } from './on-host/probe-folders.ts'
import { Reply } from './on-host/reply.ts'
import type { Stage } from './stage.ts'

/**
 * Asks, before anything is installed, whether the user that deploys will be able to work in the stage's folder.
 * @throws DeployError `deploy.preflight` with what an administrator has to run
 */
export async function requireFolders(
  { name, layout }: Pick<Stage, 'name' | 'layout'>,
  user: string,
  shell: Pick<RemoteShell, 'run'>,
): Promise<void> {
  const { stdout } = await shell.run(probeFolders(layout))
  const found = barriers(new Reply(stdout))
  if (found.length === 0) return
  const lines = found.map((barrier) => barrierText(barrier, user, layout.root))
  const after = `then run capstan setup ${name} again`
  throw new DeployError('deploy.preflight', ['nothing was changed here:', ...lines, after].join('\n'))
}

function barrierText({ path, owner, mode, isAbove }: Barrier, user: string, root: string): string {
  const [what, fix] = isAbove
    ? [`pass through ${path} to ${root}`, `${typed(['chmod', 'o+x', path])}, or choose another deployTo`]
    : [`write to ${path}`, typed(['chown', `${user}:`, path])]
  return `${user} has to ${what}, but that belongs to ${owner} (${mode})\n  as root: ${fix}`
}

import { userInfo } from 'node:os'
import { basename } from 'node:path'
import { resolveStage, type Stage, type StageHost } from '../../deploy/stage.ts'
import { UsageError } from '../../kernel/errors.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import { localTransport } from '../../remote/local/local-transport.ts'
import { sshTransport } from '../../remote/ssh/ssh-transport.ts'
import type { RemoteShell, Transport } from '../../remote/transport.ts'
import type { Session } from '../session.ts'
import { withScratchFolder } from './scratch-folder.ts'

/** Options of every command that works on a stage. */
export interface StageFlags {
  readonly hosts?: readonly string[]
  readonly roles?: readonly string[]
  readonly set?: Readonly<Record<string, unknown>>
}

/** The name of a host that is this machine, without ssh. */
export const THIS_MACHINE = 'local'

/** A stage, and the ways to its hosts. */
export interface StageSession {
  readonly runtime: Runtime
  readonly stage: Stage
  /** The name of who deploys, for logs. */
  readonly by: string
  transportTo(host: StageHost): Transport
  /** Calls `work` with a shell on this machine and an empty folder, and ends both. */
  withScratch<Result>(work: (local: RemoteShell, scratch: string) => Promise<Result>): Promise<Result>
}

/** @throws UsageError `config.missing` when the configuration says nothing of deploys; what `resolveStage` throws */
export async function stageSession(session: Session, name: string, flags: StageFlags): Promise<StageSession> {
  const { config, file, directory } = await session.config()
  if (config.deploy === undefined)
    throw new UsageError(
      'config.missing',
      file === null
        ? `there is no capstan.config.ts in ${directory}; go to its folder, or name it with --config`
        : `${file} has no "deploy"; see docs/guides/deploy.md`,
    )
  const { hosts, roles, set } = flags
  const stage = resolveStage(config.deploy, name, {
    ...(file === null ? {} : { file: basename(file) }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(roles === undefined ? {} : { roles }),
    ...(set === undefined ? {} : { set }),
    ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
  })
  const { runtime } = session
  const local = localTransport(runtime)
  const ssh = sshTransport(runtime, { options: stage.ssh })
  return {
    runtime,
    stage,
    by: process.env.CAPSTAN_BY ?? userInfo().username,
    transportTo: (host) => (host.host === THIS_MACHINE ? local : ssh),
    withScratch: (work) =>
      withScratchFolder(async (scratch) => {
        const shell = await local.connect({ host: THIS_MACHINE })
        try {
          return await work(shell, scratch)
        } finally {
          await shell.close()
        }
      }),
  }
}

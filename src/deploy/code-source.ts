import { createReadStream } from 'node:fs'
import type { RemoteShell } from '../remote/transport.ts'
import { DeployError } from './deploy-error.ts'
import type { DeployHost, Deployment } from './deployment.ts'
import { Reply } from './on-host/reply.ts'
import { packFolder, resolveRevision, unpackArchive, unpackGit } from './on-host/source.ts'
import type { Stage } from './stage.ts'

/** The code of one deploy: the same on all hosts, whatever happens to the branch in the meantime. */
export interface CodeSource {
  readonly revision: string
  /** Makes the folder of the release on a host and puts the code there. */
  place(deployment: Deployment, host: DeployHost): Promise<void>
}

export interface CodeSourceParams {
  /** The host that is asked which commit a branch means: it can reach the repository, we perhaps cannot. */
  readonly primary: DeployHost
  /** A shell on this machine. */
  readonly local: RemoteShell
  /** Where an archive may be written, on this machine. */
  readonly scratch: string
}

/**
 * Decides which code is meant.
 * @throws DeployError `deploy.revision` when the repository does not know it
 */
export async function codeSource(stage: Stage, params: CodeSourceParams): Promise<CodeSource> {
  const { source } = stage
  if ('git' in source) return fromGit(source, params)
  if ('artifact' in source) return fromArchive(source.artifact, await checksum(params.local, source.artifact))
  const archive = `${params.scratch}/code.tar.gz`
  const { stdout } = await params.local.run(packFolder(source.upload, archive))
  return fromArchive(archive, new Reply(stdout).one('revision') ?? '')
}

async function fromGit(
  { git, branch, tree }: { readonly git: string; readonly branch: string; readonly tree: string | null },
  { primary }: CodeSourceParams,
): Promise<CodeSource> {
  const { stdout } = await primary.shell.run(resolveRevision(git, branch))
  const revision = new Reply(stdout).one('revision')
  if (revision === undefined)
    throw new DeployError(
      'deploy.revision',
      `${git} has no branch, tag or commit ${branch} (asked from ${primary.name})`,
    )
  return {
    revision,
    async place(deployment, host) {
      const { repo } = deployment.stage.layout
      const release = deployment.directory
      await deployment.run(host, unpackGit({ repo, url: git, revision, release, tree: tree ?? '' }))
    },
  }
}

function fromArchive(file: string, revision: string): CodeSource {
  return {
    revision,
    async place(deployment, host) {
      const target = `${deployment.stage.layout.state}/${deployment.release}.tar.gz`
      await host.shell.put(createReadStream(file), target, { signal: deployment.params.signal })
      await deployment.run(host, unpackArchive(target, deployment.directory, revision))
    },
  }
}

async function checksum(local: RemoteShell, file: string): Promise<string> {
  const { stdout } = await local.run({
    name: 'read the artifact',
    body: 'sha256sum <"$1" | cut -c 1-40',
    args: [file],
    reads: true,
  })
  return stdout.trim()
}

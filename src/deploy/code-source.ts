import { createReadStream } from 'node:fs'
import { RemoteError } from '../remote/errors.ts'
import type { Script } from '../remote/script.ts'
import type { RemoteShell } from '../remote/transport.ts'
import { DeployError } from './deploy-error.ts'
import type { DeployHost, Deployment } from './deployment.ts'
import { masked } from './mask.ts'
import { Reply, SAY } from './on-host/reply.ts'
import { packFolder, resolveRevision, unpackArchive, unpackGit } from './on-host/source.ts'
import type { Stage, StageSource } from './stage.ts'

/** The code of one deploy: the same on all hosts, whatever happens to the branch in the meantime. */
export interface CodeSource {
  readonly revision: string
  /** Makes the folder of the release on a host and puts the code there. */
  place(deployment: Deployment, host: DeployHost): Promise<void>
}

export interface CodeSourceParams {
  /** The primary one is asked which commit a branch means: it can reach the repository, we perhaps cannot. */
  readonly hosts: readonly DeployHost[]
  /** A shell on this machine. */
  readonly local: RemoteShell
  /** Where an archive may be written, on this machine. */
  readonly scratch: string
}

/**
 * Decides which code is meant. Changes nothing on the hosts.
 * @throws DeployError `deploy.revision` when it is not there
 */
export async function codeSource(stage: Stage, params: CodeSourceParams): Promise<CodeSource> {
  const { source } = stage
  if ('git' in source) return fromGit(source, params)
  if ('artifact' in source) return fromArchive(source.artifact, await checksum(params.local, source.artifact))
  const archive = `${params.scratch}/code.tar.gz`
  const reply = await ask(params.local, packFolder(source.upload, archive), {
    what: `the folder ${source.upload} cannot be packed here`,
    fix: 'correct source.upload',
  })
  return fromArchive(archive, reply.one('revision') ?? '')
}

/**
 * The commit that a branch means, as this host sees it.
 * @throws DeployError `deploy.revision` when it cannot read the repository, or there is none
 */
export async function gitRevision({ git, branch }: GitSource, { name, shell }: DeployHost): Promise<string> {
  const reply = await ask(shell, resolveRevision(git, branch), {
    what: `${name} cannot read the repository ${masked(git)}`,
    fix: 'correct source.git, or let that host reach it',
  })
  const revision = reply.one('revision')
  if (revision !== undefined) return revision
  throw new DeployError(
    'deploy.revision',
    `${masked(git)} has no branch, tag or commit ${branch} (asked from ${name}); push it, or correct source.branch`,
  )
}

type GitSource = Extract<StageSource, { git: string }>

async function fromGit(source: GitSource, { hosts }: CodeSourceParams): Promise<CodeSource> {
  const primary = hosts.find((host) => host.primary)
  if (primary === undefined) throw new DeployError('deploy.failed', 'no host of the stage is primary')
  const revision = await gitRevision(source, primary)
  const { git, tree } = source
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
  const script = {
    name: 'read the artifact',
    body: `${SAY}\n[ -f "$1" ] || { echo "$1 is no file" >&2; exit 1; }\nsay revision "$(sha256sum <"$1" | cut -c 1-40)"`,
    args: [file],
    reads: true,
  }
  const reply = await ask(local, script, {
    what: `the artifact ${file} cannot be read here`,
    fix: 'build it, or correct source.artifact',
  })
  return reply.one('revision') ?? ''
}

/** A question about the code; that it fails is told with what to do about it. */
async function ask(
  shell: RemoteShell,
  script: Script,
  { what, fix }: { readonly what: string; readonly fix: string },
): Promise<Reply> {
  try {
    return new Reply((await shell.run(script)).stdout)
  } catch (cause) {
    if (!(cause instanceof RemoteError) || cause.code !== 'remote.exit') throw cause
    throw new DeployError('deploy.revision', `${what}; ${fix}\n${masked(cause.message)}`, { cause })
  }
}

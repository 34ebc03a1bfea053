import type { Command } from 'commander'
import type { DeployHost } from '../../deploy/deployment.ts'
import { type FileDrift, fileDrift } from '../../deploy/drift.ts'
import { onEach } from '../../deploy/fleet.ts'
import { type HostFile, hostFiles, readFiles } from '../../deploy/on-host/read-files.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { setupFacts, systemFiles } from '../../deploy/setup.ts'
import { asRoot, type Script } from '../../remote/script.ts'
import type { RemoteShell } from '../../remote/transport.ts'
import { type OpenStage, onStage } from '../deploy/on-stage.ts'
import { withStageFlags } from '../deploy/stage-command.ts'
import type { StageFlags } from '../deploy/stage-session.ts'
import { EXIT, type Output, printable, writeJson } from '../output.ts'
import { type SystemdContext, subcommand } from './systemd-context.ts'

interface DiffFlags extends StageFlags {
  readonly admin?: string
}

/** `capstan unit diff STAGE`: what is installed on the hosts against what setup would write. */
export function diffCommand({ session, out }: SystemdContext): Command {
  const command = subcommand('diff <stage>', {
    about:
      'Compare the installed units and sudo rules of a stage with what setup would write; exit 1 when they differ. ' +
      'Only root may read sudo rules: --admin.',
    examples: ['capstan unit diff production', 'capstan unit diff production --admin root'],
  }).option('--admin <user>', 'log in besides as somebody who may become root, to read all files')
  return withStageFlags(command).action(async (name: string, flags: DiffFlags) => {
    const perHost = await onStage({ session, out }, { stage: name, flags }, (stage) =>
      onEach(stage.hosts, (host) => driftOn(stage, host, flags.admin)),
    )
    const hosts = [...perHost].map(([host, files]) => ({ host, files }))
    if (hosts.some(({ files }) => files.some(({ state }) => state === 'differs' || state === 'absent')))
      out.exitCode = EXIT.failure
    if (out.json) return writeJson(out, { stage: name, hosts })
    for (const { host, files } of hosts) for (const file of files) writeDrift(out, host, file)
  })
}

async function driftOn(open: OpenStage, host: DeployHost, admin: string | undefined): Promise<FileDrift[]> {
  const { stage } = open
  const { stdout } = await host.shell.run({ name: 'ask who deploys', body: 'id -un', reads: true })
  const facts = await setupFacts(stage, host, host.shell)
  const wanted = systemFiles(stage, { host, user: stdout.trim(), facts })
  const found = await readAll(open, { host, admin, paths: wanted.map(({ path }) => path) })
  return wanted.flatMap((file) => {
    const its = found.find(({ path }) => path === file.path)
    return its === undefined ? [] : [fileDrift(file, its)]
  })
}

interface Reading {
  readonly host: DeployHost
  readonly admin: string | undefined
  readonly paths: readonly string[]
}

/** Files of the user's own manager lie in that user's home, whoever reads the others. */
async function readAll(open: OpenStage, { host, admin, paths }: Reading): Promise<HostFile[]> {
  if (admin === undefined) return filesOf(host.shell, paths)
  const shell = await open.transportTo(host).connect({ ...host, user: admin }, { signal: open.signal })
  try {
    const system = paths.filter((path) => path.startsWith('/'))
    const own = paths.filter((path) => !path.startsWith('/'))
    return [...(await filesOf(shell, system, asRoot)), ...(await filesOf(host.shell, own))]
  } finally {
    await shell.close()
  }
}

async function filesOf(
  shell: RemoteShell,
  paths: readonly string[],
  as: (script: Script) => Script = (script) => script,
): Promise<HostFile[]> {
  const { stdout } = await shell.run(as(readFiles(paths)))
  return hostFiles(new Reply(stdout), paths)
}

const WORDS: Readonly<Record<FileDrift['state'], string>> = {
  same: 'as setup writes it',
  differs: 'differs; capstan setup writes it anew:',
  absent: 'is not installed; capstan setup installs it',
  unreadable: 'not compared: only root may read it; repeat with --admin USER',
}

function writeDrift(out: Output, host: string, { path, state, differences }: FileDrift): void {
  out.write(printable(`${host}: ${path}: ${WORDS[state]}`))
  for (const line of differences) out.write(printable(`  ${line}`))
}

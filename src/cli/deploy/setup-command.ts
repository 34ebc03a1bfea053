import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { makeFolders } from '../../deploy/on-host/prepare.ts'
import { hostFacts, probeHost } from '../../deploy/on-host/probe-host.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import { missingFiles } from '../../deploy/phases/preflight-problems.ts'
import { requireFolders } from '../../deploy/require-folders.ts'
import {
  installFiles,
  installUserFiles,
  letLinger,
  makeRoot,
  setupFacts,
  systemFiles,
} from '../../deploy/setup.ts'
import type { Stage, StageHost } from '../../deploy/stage.ts'
import { asRoot, inOrder, type Script } from '../../remote/script.ts'
import type { RemoteShell } from '../../remote/transport.ts'
import { type Output, printable, writeJson } from '../output.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import { type StageFlags, type StageSession, stageSession } from './stage-session.ts'
import { lostStore } from './stage-store.ts'

interface SetupFlags extends StageFlags {
  readonly admin?: string
  readonly print?: boolean
}

interface HostSetup {
  readonly host: string
  /** Files that were written, or that would be with `--print`. */
  readonly installed: readonly string[]
  readonly notes: readonly string[]
  /** The command that brings each linked file that is not there. */
  readonly missing: readonly string[]
}

const ABOUT = `
It logs in twice: as the user that deploys, to look, and as --admin (default: root), to install. Run it again after
a change of the services; what is right already stays untouched.

Examples:
  $ capstan setup production
  $ capstan setup production --admin ubuntu      that user needs sudo without a password
  $ capstan setup production --print             changes nothing: shows the files, for an administrator to install`

/** `capstan setup STAGE`: what only an administrator may do, once: folders, units, sudo rules. */
export function setupCommand({ session, out }: DeployContext): Command {
  return stageCommand('setup', 'install what a stage needs on its hosts: the folder, units, the sudo rules')
    .option('--admin <user>', 'who may become root there', 'root')
    .option('--print', 'show the files and install nothing')
    .addHelpText('after', ABOUT)
    .action(async (name: string, flags: SetupFlags) => {
      const opened = session()
      const stages = await stageSession(opened, name, flags)
      const hosts = [...(await onEach(stages.stage.hosts, (host) => setUp(stages, host, flags))).values()]
      const lost = lostStore(await opened.config(), stages.stage)
      const next = [
        ...(lost === null ? [] : [`${lost.what}: ${lost.fix}`]),
        ...hosts.flatMap(({ missing }) => missing),
        `capstan deploy ${name} -n`,
      ]
      if (out.json) return writeJson(out, { stage: name, hosts, next })
      for (const report of hosts) tell(out, report, flags)
      if (!flags.print) for (const line of next) out.write(printable(`next: ${line}`))
    })
}

function tell(out: Output, { host, installed, notes }: HostSetup, { print }: SetupFlags): void {
  out.write(
    `${host}: ${installed.length === 0 ? 'nothing to change' : print ? 'would install' : 'installed'}`,
  )
  for (const line of [...installed, ...notes]) out.write(`  ${line}`)
}

async function setUp(
  stages: StageSession,
  host: StageHost,
  { admin = 'root', print }: SetupFlags,
): Promise<HostSetup> {
  const { stage } = stages
  const shell = await stages.transportTo(host).connect(host)
  try {
    const user = (await shell.run({ name: 'ask who deploys', body: 'id -un', reads: true })).stdout.trim()
    const files = systemFiles(stage, { host, user, facts: await setupFacts(stage, host, shell) })
    const notes = files.flatMap((file) => file.notes.map((note) => `${file.path}: ${note}`))
    if (print) {
      const texts = files.map(({ path, text }) => `${path}\n${text}`)
      return { host: host.name, installed: texts, notes, missing: [] }
    }
    await requireFolders(stage, user, shell)
    const theirs = files.filter(({ path }) => !path.startsWith('/'))
    const ours = files.filter(({ path }) => path.startsWith('/'))
    const installed = [
      ...(await installAsAdmin(stages, { ...host, user: admin }, [
        makeRoot(stage.deployTo, user),
        ...(theirs.length === 0 ? [] : [letLinger(user)]),
        installFiles(ours),
      ])),
      ...(theirs.length === 0 ? [] : said((await shell.run(installUserFiles(theirs))).stdout)),
    ]
    return { host: host.name, installed, notes, missing: await makeShared(stage, host, shell) }
  } finally {
    await shell.close()
  }
}

/** Makes the tree as the user that deploys, and returns the command that brings each linked file it lacks. */
async function makeShared(stage: Stage, host: StageHost, shell: RemoteShell): Promise<string[]> {
  const { stdout } = await shell.run(
    inOrder('make the folders', [
      makeFolders(stage.layout, stage.linkedDirs, stage.linkedFiles),
      probeHost(stage.deployTo, stage.linkedFiles),
    ]),
  )
  return missingFiles(stage, host, hostFacts(new Reply(stdout))).map(({ fix }) => fix)
}

async function installAsAdmin(
  stages: StageSession,
  host: StageHost,
  scripts: readonly Script[],
): Promise<string[]> {
  const shell = await stages.transportTo(host).connect(host)
  try {
    const { stdout } = await shell.run(asRoot(inOrder('install as root', scripts)))
    return said(stdout)
  } finally {
    await shell.close()
  }
}

function said(stdout: string): string[] {
  const reply = new Reply(stdout)
  return [
    ...reply.all('installed'),
    ...reply
      .all('doubted')
      .map((path) => `systemd-analyze verify has doubts about ${path}; see capstan unit verify`),
    ...reply.all('no-linger').map((user) => `linger is off: as root, run loginctl enable-linger ${user}`),
  ]
}

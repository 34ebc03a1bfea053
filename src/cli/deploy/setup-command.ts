import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import { Reply } from '../../deploy/on-host/reply.ts'
import {
  installFiles,
  installUserFiles,
  letLinger,
  makeRoot,
  setupFacts,
  systemFiles,
} from '../../deploy/setup.ts'
import type { StageHost } from '../../deploy/stage.ts'
import { asRoot, inOrder, type Script } from '../../remote/script.ts'
import { writeJson } from '../output.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import { type StageFlags, type StageSession, stageSession } from './stage-session.ts'

interface SetupFlags extends StageFlags {
  readonly admin?: string
  readonly print?: boolean
}

interface HostSetup {
  readonly host: string
  /** Files that were written, or that would be with `--print`. */
  readonly installed: readonly string[]
  readonly notes: readonly string[]
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
      const stages = await stageSession(session(), name, flags)
      const hosts = await onEach(stages.stage.hosts, (host) => setUp(stages, host, flags))
      const reports = [...hosts.values()]
      if (out.json) return writeJson(out, { stage: name, hosts: reports })
      for (const { host, installed, notes } of reports) {
        out.write(
          `${host}: ${installed.length === 0 ? 'nothing to change' : flags.print ? 'would install' : 'installed'}`,
        )
        for (const line of [...installed, ...notes]) out.write(`  ${line}`)
      }
    })
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
    if (print) return { host: host.name, installed: files.map(({ path, text }) => `${path}\n${text}`), notes }
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
    return { host: host.name, installed, notes }
  } finally {
    await shell.close()
  }
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
